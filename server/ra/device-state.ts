import type { DeviceState } from '../../contract/device-state.ts';
import type { Binding } from '../ports/bindings.ts';
import type { Needs } from '../ports/stores.ts';
import { positionOf } from './replace-device.ts';

/** A bound device as its organisation sees it. Undefined while its certificate is still being issued. */
export async function deviceState(
  binding: Binding,
  stores: Needs<'certificates' | 'life' | 'bindings' | 'records'>,
): Promise<DeviceState | undefined> {
  const certificate = await stores.certificates.newest(binding.id);
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
