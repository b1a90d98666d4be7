import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import type { Delivered } from '../../ports/deliveries.ts';
import type { ReceiverProgress } from '../../ports/receivers.ts';

const BASE = 2_000;
const LONGEST = 3_600_000;
/** As long as a receiver may be away before a person has to look. */
export const DEAD_AFTER = 7 * 24 * 3_600_000;

/** A random time up to a bound that doubles with each try ("full jitter"): many senders do not come back all at once. */
export function backOff(tries: number, crypto: Pick<CryptoPort, 'random'>): number {
  const [high = 0, low = 0] = crypto.random(2);
  const share = (high * 256 + low) / 65_536;
  return Math.round(share * Math.min(LONGEST, BASE * 2 ** Math.min(tries, 20)));
}

/** How a receiver stands after it did not take an event. */
export function afterFault(
  before: ReceiverProgress,
  { fault, retryAfter }: Extract<Delivered, { ok: false }>,
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
