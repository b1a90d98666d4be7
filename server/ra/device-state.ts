import type { DeviceState } from '../../contract/device-state.ts';
import type { Binding } from '../ports/bindings.ts';
import type { StoredCertificate } from '../ports/certificates.ts';
import type { Needs } from '../ports/stores.ts';
import { goodCertificates } from './good-certificates.ts';
import { positionOf } from './replace-device.ts';

/** A bound device as its organisation sees it. Undefined while its certificate is still being issued. */
export async function deviceState(
  binding: Binding,
  stores: Needs<'certificates' | 'lineage' | 'life' | 'bindings' | 'records'>,
): Promise<DeviceState | undefined> {
  const newest = await stores.certificates.newest(binding.id);
  const certificate = newest && (await standingOf(binding, newest, stores));
  if (certificate === undefined || binding.state === 'issuing') return undefined;
  const { maker, udid, domain, boundAt, state, unproven, firstUse, endedAt, site } = binding;
  const { fingerprint, notAfter, onHold, revokedAt } = certificate;
  const held = onHold ? await stores.life.suspension(binding.id) : undefined;
  const succession = await stores.life.succession(binding.id);
  const before = succession && (await stores.bindings.binding(succession.predecessor));
  const position = await positionOf(binding, stores);
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
    ...(held === undefined ? {} : { suspended: { reason: held.reason, at: held.at, by: held.by } }),
    ...(before === undefined ? {} : { replaces: before.udid }),
  };
}

/** The newest one; of a live binding whose newest was for a key that it gave up, the newest that is good. */
async function standingOf(
  { id, endedAt }: Binding,
  newest: StoredCertificate,
  stores: Needs<'certificates' | 'lineage'>,
): Promise<StoredCertificate> {
  if (endedAt !== null || newest.revokedAt === null || newest.onHold) return newest;
  return (await goodCertificates(id, stores)).own[0] ?? newest;
}
