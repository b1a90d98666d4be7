import { backOff } from '../../../core/back-off.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import type { DeliveryResult } from '../../ports/deliveries.ts';
import type { ReceiverProgress } from '../../ports/receivers.ts';

/** How long a receiver may fail before a person has to look. */
export const DEAD_AFTER = 7 * 24 * 3_600_000;

/** The state of a receiver after a failed delivery. */
export function afterFault(
  before: ReceiverProgress,
  { fault, retryAfter }: Extract<DeliveryResult, { ok: false }>,
  now: number,
  crypto: Pick<CryptoPort, 'random'>,
): ReceiverProgress {
  const tries = before.tries + 1;
  const wait = Math.max(backOff(tries, crypto), retryAfter ?? 0);
  const failingSince = before.failingSince ?? toInstant(now);
  const dead = now - Date.parse(failingSince) >= DEAD_AFTER;
  return {
    told: before.told,
    tries,
    notTaken: fault === 'not_taken' ? before.notTaken + 1 : 0,
    fault,
    failingSince,
    nextAt: toInstant(now + wait),
    deadAt: dead ? toInstant(now) : null,
  };
}

export function afterSuccess(told: number, now: number): ReceiverProgress {
  return {
    told,
    tries: 0,
    notTaken: 0,
    fault: null,
    failingSince: null,
    nextAt: toInstant(now),
    deadAt: null,
  };
}
