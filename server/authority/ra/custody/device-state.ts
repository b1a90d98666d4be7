import type { DeviceState } from '../../../../contract/device-state.ts';
import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { placeDigest } from '../../../../core/place.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { StoredCertificate } from '../../../ports/certificates.ts';
import type { FeedFacts } from '../../../ports/device-feed.ts';
import type { Needs } from '../../../ports/stores.ts';
import { shownCertificate } from '../binding/good-certificates.ts';
import { standingOf } from '../binding/place-now.ts';

/** As many as one answer holds (contract/device-state.ts). */
const MOST_PLACES = 50;

/**
 * Bound devices as their organisation sees them, without those whose certificate is still being issued. What they are shown by is
 * read for all of them together.
 */
export async function deviceStates(
  bindings: readonly Binding[],
  org: string,
  { deviceFeed, domains }: Needs<'deviceFeed' | 'domains'>,
  { crypto, history = false }: { readonly crypto: CryptoPort; readonly history?: boolean },
): Promise<DeviceState[]> {
  if (bindings.length === 0) return [];
  const facts = await deviceFeed.facts(
    org,
    bindings.map(({ id }) => ({ kind: 'binding', id, n: 0 })),
  );
  const titles = new Map((await domains.ofOrg(org)).map(({ name, title }) => [name as string, title]));
  const states: DeviceState[] = [];
  for (const binding of bindings) {
    const state = await viewState(binding, facts, { titles, crypto, history });
    if (state !== undefined) states.push(state);
  }
  return states;
}

async function viewState(
  binding: Binding,
  facts: FeedFacts,
  more: {
    readonly titles: ReadonlyMap<string, string>;
    readonly crypto: CryptoPort;
    readonly history: boolean;
  },
): Promise<DeviceState | undefined> {
  const certificate = shownOf(binding, facts);
  if (certificate === undefined || binding.state === 'issuing') return undefined;
  const { maker, udid, domain, boundAt, state, unproven, firstUse, endedAt, site, registration } = binding;
  const { fingerprint, notAfter, onHold, revokedAt } = certificate;
  const suspension = onHold ? facts.suspensions.get(binding.id) : undefined;
  const replaces = facts.replaced.get(binding.id);
  const payload = facts.records.get(registration)?.payload;
  const [last] = facts.places.get(registration) ?? [];
  const stands = standingOf(binding, { last, payload, taken: facts.successions.get(binding.id) });
  const position = stands.position ?? undefined;
  const siteTitle = titleOf(stands, facts);
  const domainTitle = more.titles.get(domain)?.slice(0, 120);
  const device = parse(Registration, facts.records.get(stands.standsBy)?.payload)?.device;
  return {
    maker,
    udid,
    domain,
    boundAt,
    fingerprint,
    notAfter,
    state,
    unproven,
    firstUse,
    revokedAt: (onHold ? null : revokedAt) ?? endedAt,
    ...(site === null ? {} : { site }),
    ...(position === undefined ? {} : { position }),
    ...(siteTitle === undefined ? {} : { siteTitle }),
    ...(domainTitle === undefined ? {} : { domainTitle }),
    ...(device?.model === undefined ? {} : { model: device.model }),
    place: await placeDigest({ domain, site: site ?? undefined, position }, more.crypto),
    registration: stands.standsBy,
    ...(more.history ? { places: placesOf(registration, facts) } : {}),
    ...(suspension === undefined
      ? {}
      : { suspended: { reason: suspension.reason, at: suspension.at, by: suspension.by } }),
    ...(replaces === undefined ? {} : { replaces }),
  };
}

/** Where it stood before, the newest first. */
function placesOf(registration: string, facts: FeedFacts): NonNullable<DeviceState['places']> {
  const all = facts.places.get(registration) ?? [];
  return all.slice(0, MOST_PLACES).map(({ before, at, by, because }) => {
    const title = titleOf(before, facts) ?? before.site ?? undefined;
    return {
      domain: before.domain,
      ...(title === undefined ? {} : { siteTitle: title }),
      ...(before.position === null ? {} : { position: before.position }),
      at,
      by: (facts.people.get(by) ?? by).slice(0, 120),
      ...(because === null ? {} : { because }),
    };
  });
}

function titleOf(
  { domain, site }: { readonly domain: string; readonly site: string | null },
  { siteTitles }: FeedFacts,
): string | undefined {
  return site === null ? undefined : siteTitles.get(JSON.stringify([domain, site]))?.slice(0, 120);
}

/** The certificate that a device's state shows. For an ended binding it is the newest, whatever its key. */
function shownOf(binding: Binding, facts: FeedFacts): StoredCertificate | undefined {
  return binding.endedAt === null
    ? shownCertificate(binding, facts)
    : facts.certificates.get(binding.id)?.[0];
}
