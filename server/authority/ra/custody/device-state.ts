import type { DeviceState } from '../../../../contract/device-state.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { StoredCertificate } from '../../../ports/certificates.ts';
import type { Needs } from '../../../ports/stores.ts';
import { positionOf } from './replace-device.ts';

/** A bound device as its organisation sees it. Undefined while its certificate is still being issued. */
export async function deviceState(
  binding: Binding,
  stores: Needs<'certificates' | 'lineage' | 'life' | 'bindings' | 'records'>,
): Promise<DeviceState | undefined> {
  const certificate = await standingOf(binding, stores);
  if (certificate === undefined || binding.state === 'issuing') return undefined;
  const { maker, udid, domain, boundAt, state, unproven, firstUse, endedAt, site } = binding;
  const { fingerprint, notAfter, onHold, revokedAt } = certificate;
  const suspension = onHold ? await stores.life.suspension(binding.id) : undefined;
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
