import type { DeviceState } from '../../contract/device-state.ts';
import type { Binding } from '../ports/bindings.ts';
import type { Needs } from '../ports/stores.ts';

/** A bound device as its organisation sees it. Undefined while its certificate is still being issued. */
export async function deviceState(
  binding: Binding,
  { certificates }: Needs<'certificates'>,
): Promise<DeviceState | undefined> {
  const certificate = await certificates.newest(binding.id);
  if (certificate === undefined || binding.state === 'issuing') return undefined;
  const { maker, udid, domain, boundAt, state, unproven, firstUse, endedAt } = binding;
  const { fingerprint, notAfter } = certificate;
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
    revokedAt: certificate.revokedAt ?? endedAt,
  };
}
