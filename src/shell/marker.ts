import { parse } from '../../contract/parse.ts';
import { LossReport } from '../../contract/phone.ts';
import type { Marker, MarkerStore } from '../ports/keeping.ts';

const MARKER = 'fieldbind-phone';
const LOSS = 'fieldbind-loss';
const YEAR_S = 365 * 24 * 3600;

/**
 * In localStorage and in a cookie: browsers that clear a database for room leave both, and those that clear one of them
 * often leave the other. Holds numbers and names of keys, nothing of a record.
 */
export const markerStore: MarkerStore = {
  read: () => asMarker(localText(MARKER)) ?? asMarker(cookieText()),
  write(marker) {
    const text = JSON.stringify(marker);
    keepLocal(MARKER, text);
    // A cookie goes along with every request: only what tells which storage this is.
    const { unsent, ...short } = marker;
    const first = unsent[0]?.from;
    const last = unsent.at(-1)?.to;
    const stretch = first === undefined || last === undefined ? [] : [{ from: first, to: last }];
    const value = encodeURIComponent(JSON.stringify({ ...short, unsent: stretch }));
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing where it matters most (Safari)
    document.cookie = `${MARKER}=${value}; path=/; max-age=${YEAR_S}; samesite=strict`;
  },
  losses() {
    const kept = parseJson(localText(LOSS));
    // Earlier versions kept one, and not as a list.
    return (Array.isArray(kept) ? kept : [kept]).flatMap((loss: unknown) => parse(LossReport, loss) ?? []);
  },
  keepLosses(losses) {
    keepLocal(LOSS, losses.length === 0 ? undefined : JSON.stringify(losses));
  },
};

function localText(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined; // denied altogether
  }
}

function keepLocal(key: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // Full or denied: the cookie may still hold.
  }
}

function cookieText(): string | undefined {
  const pair = document.cookie.split('; ').find((cookie) => cookie.startsWith(`${MARKER}=`));
  return pair === undefined ? undefined : decodeURIComponent(pair.slice(MARKER.length + 1));
}

function asMarker(text: string | undefined): Marker | undefined {
  const value = parseJson(text) as Marker | undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  // The same shape as what would be reported of it, so that nothing odd gets any further.
  const { kid, epoch, head, unsent, at } = value;
  const report = parse(LossReport, { kid, epoch, head, unsent, lastSeenAt: at, foundAt: at });
  return report && { kid, epoch, head, unsent: report.unsent, at };
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
