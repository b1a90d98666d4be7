import { fromInstant } from '../../../../core/instant.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { goodCertificates, isAwaited, namesElsewhere } from '../binding/good-certificates.ts';
import { judgePolicy, type PolicyFacts } from '../binding/policy.ts';
import type { Ruling, SameRuling } from '../binding/ruling.ts';
import { renewableFrom } from '../contact/renew-certificate.ts';

/**
 * Renewal by visit: a device is registered again where it is bound, and its certificate is due. Its evidence was
 * judged as at the first time.
 *
 * As over EST, nothing is renewed twice: a successor that the device has not shown yet is handed out again, and a
 * device whose certificate is on hold or revoked gets none. While a re-key is under way the old key is not renewed.
 * There are two exceptions, in which the device goes on with the old key and the pending one is dropped, since the
 * device would be cut off otherwise: it has proved the old key since it asked for the re-key, or the old key's
 * certificate has ended.
 *
 * If the policy holds or refuses the renewal, the binding and its certificate stay as they are.
 */
export async function judgeRenewal(
  same: SameRuling,
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
  if (newest === undefined) return same;
  // It was moved, and the certificate for it was not issued, since it was suspended before the signature.
  const isElsewhere = namesElsewhere(newest, binding);
  if (now < renewableFrom(newest) && !isElsewhere) return same;
  if (fromInstant(newest.notAfter) > now && !isElsewhere) {
    const rekeyAskedAt = pending && fromInstant(pending.at);
    const provenSince = facts.fresh && rekeyAskedAt !== undefined && fromInstant(capturedAt) > rekeyAskedAt;
    if (!provenSince && (await isAwaited(good, receivedAt, stores))) return same;
    const overlap = before.some(({ notAfter }) => fromInstant(notAfter) > now);
    if (overlap) return same;
  }
  const policy = await judgePolicy({ ...facts, adds: false }, about, stores);
  if (policy.kind === 'ruled') return policy.ruling;
  return { outcome: 'renew', binding, about, spki: facts.spki, profile: policy.profile, drops: pending };
}
