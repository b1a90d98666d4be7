import type { CryptoPort } from './crypto.ts';

/** Milliseconds. */
const BASE = 2_000;
const LONGEST = 3_600_000;

/** A random time up to a bound that doubles with each try ("full jitter"): many senders do not come back all at once. */
export function backOff(tries: number, crypto: Pick<CryptoPort, 'random'>): number {
  const [high = 0, low = 0] = crypto.random(2);
  const share = (high * 256 + low) / 65_536;
  return Math.round(share * Math.min(LONGEST, BASE * 2 ** Math.min(tries, 20)));
}
