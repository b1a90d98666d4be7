import { backOff } from '../../../core/back-off.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import type { DeliveryResult } from '../../ports/deliveries.ts';
import type { ReceiverProgress } from '../../ports/receivers.ts';
import { PROCESS_SKEW } from '../../ports/server-clock.ts';

/** How long a receiver may fail before a person has to look. */
export const DEAD_AFTER = 7 * 24 * 3_600_000;

/** The longest time between two tries: what a receiver may ask for at most (webhook.ts). */
const LONGEST = 24 * 3_600_000 + PROCESS_SKEW;

/** Whether it is time to try again. A time that lies farther away than any was reckoned by a clock that was ahead. */
export function isDue(nextAt: string, now: number): boolean {
  const left = Date.parse(nextAt) - now;
  return left <= 0 || left > LONGEST;
}

/** The state of a receiver after a failed delivery. */
export function afterFault(
  before: ReceiverProgress,
  { fault, retryAfter }: Extract<DeliveryResult, { ok: false }>,
  now: number,
  crypto: Pick<CryptoPort, 'random'>,
): ReceiverProgress {
  const tries = before.tries + 1;
  const wait = Math.max(backOff(tries, crypto), retryAfter ?? 0);
  // A moment of the future was noted by a clock that was ahead.
  const since = before.failingSince;
  const failingSince = since === null || Date.parse(since) > now ? toInstant(now) : since;
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
