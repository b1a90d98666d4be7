import { parse } from '../../contract/parse.ts';
import { SiteRecord } from '../../contract/site-record.ts';
import { toInstant } from '../../core/instant.ts';
import { siteIdOf, tidy } from '../../core/place.ts';
import { uuid7 } from '../../core/uuid7.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import type { StoredPack } from '../ports/work.ts';
import { type CapturePorts, captureRecord } from './capture-record.ts';

export interface KnownSite {
  readonly id: string;
  readonly title: string;
  /** Made or renamed on this phone, and not decided yet. */
  readonly pending?: true;
}

export class SiteTitleError extends Error {
  override readonly name = 'SiteTitleError';
  readonly code = 'site_title_empty';
}

const natural = new Intl.Collator(undefined, { numeric: true });

/** What the pack knows of a domain's sites, with what was captured on this phone since, in the order people count in. */
export function mergeSites(
  pack: StoredPack | undefined,
  domain: string,
  here: readonly Pick<QueuedRecord, 'domain' | 'place' | 'state' | 'decidedAt'>[],
): readonly KnownSite[] {
  const known = pack?.pack.domains.find(({ name }) => name === domain)?.sites ?? [];
  const sites = new Map<string, KnownSite>(known.map(({ id, title }) => [id, { id, title }]));
  // The oldest first. What was refused never was.
  for (const { domain: of, place, state, decidedAt } of here) {
    if (of !== domain || place?.site === undefined || place.siteTitle === undefined) continue;
    if (state === 'refused' || state === 'rejected') continue;
    const isPending = state !== 'noted';
    // A pack from after it was noted has it, and whatever the office made of it since.
    if (!isPending && pack !== undefined && decidedAt !== null && decidedAt <= pack.pack.issuedAt) continue;
    sites.set(place.site, {
      id: place.site,
      title: place.siteTitle,
      ...(isPending ? { pending: true } : {}),
    });
  }
  return [...sites.values()].sort((a, b) => natural.compare(a.title, b.title) || (a.id < b.id ? -1 : 1));
}

/** Makes a site by a signed record, or gives the one that has this title already. Rejects as {@link captureRecord} does. */
export async function makeSite(
  ports: CapturePorts,
  where: { readonly org: string; readonly domain: string; readonly sites: readonly KnownSite[] },
  wanted: string,
  app: string,
): Promise<KnownSite> {
  const title = tidy(wanted).slice(0, 120);
  if (title === '') throw new SiteTitleError();
  const same = where.sites.find((site) => site.title.toLowerCase() === title.toLowerCase());
  if (same !== undefined) return same;
  const id = await freeId(title, where.sites, ports);
  await capture(ports, where, { site: id, title }, app);
  return { id, title, pending: true };
}

/** Gives a site another title. Its devices stay: they name it by its id. */
export async function renameSite(
  ports: CapturePorts,
  where: { readonly org: string; readonly domain: string },
  site: KnownSite,
  wanted: string,
  app: string,
): Promise<void> {
  const title = tidy(wanted).slice(0, 120);
  if (title === '') throw new SiteTitleError();
  if (title !== site.title) await capture(ports, where, { site: site.id, title, was: site.title }, app);
}

/** An id that no site here has: one that was renamed keeps the id of its first title. */
async function freeId(
  title: string,
  sites: readonly KnownSite[],
  { crypto }: Pick<CapturePorts, 'crypto'>,
): Promise<string> {
  const id = await siteIdOf(title, crypto);
  const taken = new Set(sites.map((site) => site.id));
  for (let n = 2; ; n++) {
    const next = n === 2 && !taken.has(id) ? id : `${id}-${n}`;
    if (!taken.has(next)) return next;
  }
}

async function capture(
  ports: CapturePorts,
  { org, domain }: { readonly org: string; readonly domain: string },
  what: Pick<SiteRecord, 'site' | 'title' | 'was'>,
  app: string,
): Promise<void> {
  const now = ports.clock.now();
  const id = uuid7(now, ports.crypto);
  const payload = parse(SiteRecord, { id, app, capturedAt: toInstant(now), domain, ...what });
  // A signed record that the backend can only reject would stay on this phone for ever.
  if (payload === undefined) throw new SiteTitleError();
  await captureRecord(
    ports,
    'site+jws',
    {
      ...{ id, org, udid: '', domain, title: what.title, about: null, simulated: false },
      place: { site: what.site, siteTitle: what.title, digest: '' },
    },
    payload,
  );
}
