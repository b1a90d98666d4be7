import type { CryptoPort } from '../../core/crypto.ts';
import { fromInstant } from '../../core/instant.ts';
import { PROCESS_SKEW } from '../ports/server-clock.ts';

const MINUTE = 60_000;
/** Let's Encrypt takes five failures of a name in an hour: the first five of these are an hour apart in all. */
const FIRST = 4 * MINUTE;
const LONGEST = 6 * 60 * MINUTE;
/** What a CA may ask for at most. */
export const LONGEST_WAIT = 8 * 24 * 60 * MINUTE;
/** Of a certificate's life, after which it is renewed: a little before its last third. */
const RENEW_AFTER = 0.65;

/** How long to wait after so many failures, milliseconds: between half of a bound and all of it, which doubles each time. */
export function waitAfter(
  failures: number,
  retryAfter: number | undefined,
  crypto: Pick<CryptoPort, 'random'>,
): number {
  const bound = Math.min(LONGEST, FIRST * 2 ** Math.min(failures - 1, 10));
  const [high = 0, low = 0] = crypto.random(2);
  const own = (bound / 2) * (1 + (high * 256 + low) / 65_536);
  return Math.round(Math.max(own, retryAfter ?? 0));
}

/** Whether it is too early. A time that lies farther away than any was reckoned by a clock that was ahead. */
export function mustWait(until: string | null, now: number): boolean {
  if (until === null) return false;
  const left = fromInstant(until) - now;
  return left > 0 && left <= LONGEST_WAIT + PROCESS_SKEW;
}

/** From when on the certificate is to be renewed, milliseconds. */
export function renewalAt({ from, until }: { readonly from: number; readonly until: number }): number {
  return from + RENEW_AFTER * (until - from);
}
