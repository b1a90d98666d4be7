import { backOff } from '../../../core/back-off.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import type { DeliveryResult } from '../../ports/deliveries.ts';
import type { WaitingNotice } from '../../ports/notices.ts';

/** With the longest pauses of core/back-off.ts most of a day. */
export const MOST_TRIES = 40;
/** So often somebody must say for good that they do not take it: once may be a server that is just being set up. */
export const MOST_REFUSALS = 3;
/** A push service may ask for a longer pause than this; it is asked again all the same. */
const LONGEST = 6 * 3_600_000;

/** What becomes of a notice that was not taken: undefined if it is given up. */
export function nextTry(
  notice: Pick<WaitingNotice, 'tries' | 'endsAt'>,
  { fault, retryAfter = 0 }: Extract<DeliveryResult, { ok: false }>,
  now: number,
  crypto: Pick<CryptoPort, 'random'>,
): { readonly tries: number; readonly nextAt: string; readonly fault: string } | undefined {
  const tries = notice.tries + 1;
  const most = fault === 'not_taken' ? MOST_REFUSALS : MOST_TRIES;
  const nextAt = toInstant(now + Math.max(backOff(tries, crypto), Math.min(retryAfter, LONGEST)));
  return tries >= most || nextAt > notice.endsAt ? undefined : { tries, nextAt, fault };
}
