import { fromInstant } from '../../../../core/instant.ts';
import type { CredentialPeriod } from '../../../ports/operator-keys.ts';

const DAY = 24 * 3_600_000;

export interface TimeFacts {
  /** What the phone's clock said; claimed, not proved. */
  readonly capturedAt: string;
  readonly receivedAt: string;
  /** When we issued the statement that the record's `anchor` names; undefined if we never did. */
  readonly anchorAt: string | undefined;
  readonly credentials: readonly CredentialPeriod[];
}

/**
 * The time rules for records of an operator who is not revoked. `anchor` proves a not-before, arrival proves a
 * not-after; between the two the phone's clock is believed, with a day's tolerance. A credential that has expired
 * since the capture does not matter.
 */
export function judgeTime(facts: TimeFacts): 'clock_skew' | 'credential_expired' | undefined {
  const captured = fromInstant(facts.capturedAt);
  if (facts.anchorAt === undefined) return 'clock_skew';
  const anchor = fromInstant(facts.anchorAt);
  if (captured > fromInstant(facts.receivedAt) + DAY) return 'clock_skew';
  if (captured < anchor - DAY) return 'clock_skew';
  const covered = facts.credentials.some(
    ({ notBefore, notAfter, maxOfflineSeconds }) =>
      captured >= fromInstant(notBefore) - DAY &&
      captured <= fromInstant(notAfter) &&
      // The anchor is the newest statement that the phone had from us, so the time since then is the time without contact.
      captured <= anchor + maxOfflineSeconds * 1000,
  );
  return covered ? undefined : 'credential_expired';
}
