import type { DeviceState } from '../../../../contract/device-state.ts';
import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { placeDigest } from '../../../../core/place.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { StoredCertificate } from '../../../ports/certificates.ts';
import type { Needs } from '../../../ports/stores.ts';
import { placeNow } from '../binding/place-now.ts';

/** As many as one answer holds (contract/device-state.ts). */
const MOST_PLACES = 50;

/** A bound device as its organisation sees it. Undefined while its certificate is still being issued. */
export async function deviceState(
  binding: Binding,
  stores: Needs<
    'certificates' | 'lineage' | 'life' | 'bindings' | 'records' | 'places' | 'domains' | 'people'
  >,
  { crypto, history = false }: { readonly crypto: CryptoPort; readonly history?: boolean },
): Promise<DeviceState | undefined> {
  const certificate = await standingOf(binding, stores);
  if (certificate === undefined || binding.state === 'issuing') return undefined;
  const { maker, udid, domain, boundAt, state, unproven, firstUse, endedAt, site } = binding;
  const { fingerprint, notAfter, onHold, revokedAt } = certificate;
  const suspension = onHold ? await stores.life.suspension(binding.id) : undefined;
  const succession = await stores.life.succession(binding.id);
  const before = succession && (await stores.bindings.binding(succession.predecessor));
  const stands = await placeNow(binding, stores);
  const position = stands.position ?? undefined;
  const titleOf = async (spot: { readonly domain: string; readonly site: string | null }) =>
    spot.site === null ? undefined : (await stores.domains.site(spot.domain, spot.site))?.title.slice(0, 120);
  const siteTitle = await titleOf(stands);
  const domainTitle = (await stores.domains.domain(domain))?.title.slice(0, 120);
  const device = parse(Registration, (await stores.records.record(stands.standsBy))?.payload)?.device;
  const places: NonNullable<DeviceState['places']> = [];
  for (const { before, at, by, because } of history
    ? (await stores.places.ofRegistration(binding.registration)).slice(0, MOST_PLACES)
    : []) {
    const title = (await titleOf(before)) ?? before.site ?? undefined;
    places.push({
      domain: before.domain,
      ...(title === undefined ? {} : { siteTitle: title }),
      ...(before.position === null ? {} : { position: before.position }),
      at,
      by: ((await stores.people.person(by))?.name ?? by).slice(0, 120),
      ...(because === null ? {} : { because }),
    });
  }
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
    place: await placeDigest({ domain, site: site ?? undefined, position }, crypto),
    registration: stands.standsBy,
    ...(history ? { places } : {}),
    ...(suspension === undefined
      ? {}
      : { suspended: { reason: suspension.reason, at: suspension.at, by: suspension.by } }),
    ...(before === undefined ? {} : { replaces: before.udid }),
  };
}

/**
 * The certificate that a device's state shows. For an ended binding it is the newest. For a live one it is the newest
 * for the bound key that is good or on hold: the certificate of a pending key does not say how long the device can go
 * on.
 */
async function standingOf(
  { id, endedAt }: Binding,
  { certificates, lineage }: Needs<'certificates' | 'lineage'>,
): Promise<StoredCertificate | undefined> {
  if (endedAt !== null) return certificates.newest(id);
  const pending = await lineage.pendingOf(id);
  const own = (await certificates.ofBinding(id)).filter(({ serial }) => serial !== pending?.serial);
  return own.find(({ revokedAt, onHold }) => revokedAt === null || onHold) ?? own[0];
}
