import { fromInstant } from '../../core/instant.ts';
import type { Needs } from '../ports/stores.ts';
import { policyFor, profileOf } from './policy.ts';
import { renewableFrom } from './renew-certificate.ts';
import type { Ruling } from './ruling.ts';

/**
 * Renewal by visit: a device that is registered again where it is bound, when its certificate is due. Its evidence was
 * judged as at the first time. As over EST, nothing is renewed twice: a successor that the device has not shown is the
 * one that is handed out, and one on hold or revoked has none.
 */
export async function judgeRenewal(
  same: Extract<Ruling, { outcome: 'same' }>,
  spki: Uint8Array,
  receivedAt: string,
  stores: Needs<'certificates' | 'policies'>,
): Promise<Ruling> {
  const { binding, about } = same;
  const now = fromInstant(receivedAt);
  const [newest, ...before] = await stores.certificates.ofBinding(binding.id);
  if (newest === undefined || newest.revokedAt !== null || now < renewableFrom(newest)) return same;
  const overlap = before.some(({ revokedAt, notAfter }) => revokedAt === null && fromInstant(notAfter) > now);
  if (overlap) return same;
  const { udid, domain, org } = binding;
  const profile = profileOf(await policyFor({ org, domain }, stores), { udid, domain, org });
  return { outcome: 'renew', binding, about, spki, profile };
}
