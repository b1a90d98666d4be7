import { fromInstant } from '../../../../core/instant.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { goodCertificates, isAwaited } from '../binding/good-certificates.ts';
import { judgePolicy, type PolicyFacts } from '../binding/policy.ts';
import type { Ruling, Same } from '../binding/ruling.ts';
import { renewableFrom } from '../contact/renew-certificate.ts';

/**
 * Renewal by visit: a device that is registered again where it is bound, when its certificate is due. Its evidence was
 * judged as at the first time. As over EST, nothing is renewed twice: a successor that the device has not shown is the
 * one that is handed out, and one on hold or revoked has none. A device that is about to take another key is left to do so,
 * and that key has nothing to be renewed; but one that has proved the old key since, or whose certificate for that has
 * ended, goes on with it, and the other one is dropped, or it would be cut off. An ended certificate is no use to anybody.
 * What the policy holds or refuses is not renewed; the binding and its certificate stay as they are.
 */
export async function judgeRenewal(
  same: Same,
  facts: Omit<PolicyFacts, 'adds'>,
  { receivedAt, capturedAt }: Pick<StoredRecord, 'receivedAt' | 'capturedAt'>,
  stores: Reads<'certificates' | 'lineage' | 'intents' | 'policies' | 'quotas'>,
): Promise<Ruling> {
  const { binding, about } = same;
  const now = fromInstant(receivedAt);
  if (same.keyDigest !== binding.keyDigest) return same;
  const good = await goodCertificates(binding.id, stores);
  const { pending } = good;
  const [newest, ...before] = good.own;
  if (newest === undefined || now < renewableFrom(newest)) return same;
  if (fromInstant(newest.notAfter) > now) {
    const asked = pending && fromInstant(pending.at);
    const provenSince = facts.fresh && asked !== undefined && fromInstant(capturedAt) > asked;
    if (!provenSince && (await isAwaited(good, receivedAt, stores))) return same;
    const overlap = before.some(({ notAfter }) => fromInstant(notAfter) > now);
    if (overlap) return same;
  }
  const policy = await judgePolicy({ ...facts, adds: false }, about, stores);
  if (policy.kind === 'ruled') return policy.ruling;
  return { outcome: 'renew', binding, about, spki: facts.spki, profile: policy.profile, drops: pending };
}
