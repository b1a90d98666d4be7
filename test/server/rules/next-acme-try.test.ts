import { describe, expect, it } from 'vitest';
import { LONGEST_WAIT, mustWait, renewalAt, waitAfter } from '../../../server/tls/next-acme-try.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const least = { random: (n: number) => new Uint8Array(n) };
const most = { random: (n: number) => new Uint8Array(n).fill(255) };

describe('the next try of a certificate', () => {
  it('comes after a wait that doubles, at random within half of it', () => {
    const waits = [1, 2, 3, 4].map((n) => waitAfter(n, undefined, least));
    expect(waits).toEqual([2, 4, 8, 16].map((n) => n * MINUTE));
    expect(waitAfter(1, undefined, most)).toBeGreaterThan(3.9 * MINUTE);
    expect(waitAfter(1, undefined, most)).toBeLessThan(4 * MINUTE);
    expect(waitAfter(1_000, undefined, most)).toBeLessThan(6 * HOUR);
    expect(waitAfter(1_000, undefined, least)).toBe(3 * HOUR);
  });

  it('fails five times in an hour at most, which Let’s Encrypt takes', () => {
    let at = 0;
    const tries = Array.from({ length: 8 }, (_, n) => {
      const now = at;
      at += waitAfter(n + 1, undefined, least);
      return now;
    });
    expect(tries.filter((time) => time < HOUR).length).toBeLessThanOrEqual(5);
  });

  it('waits as long as the CA asks', () => {
    expect(waitAfter(1, 3 * HOUR, least)).toBe(3 * HOUR);
    expect(waitAfter(9, MINUTE, least)).toBe(3 * HOUR);
  });

  it('is not put off by a time that a wrong clock reckoned', () => {
    const at = (ms: number) => new Date(ms).toISOString();
    expect(mustWait(null, 0)).toBe(false);
    expect(mustWait(at(HOUR), 0)).toBe(true);
    expect(mustWait(at(HOUR), HOUR)).toBe(false);
    expect(mustWait(at(2 * LONGEST_WAIT), 0)).toBe(false);
  });
});

it('a certificate is renewed before the last third of its life', () => {
  for (const days of [6, 45, 90]) {
    const due = renewalAt({ from: 0, until: days * 24 * HOUR });
    expect(due).toBeLessThan((days * 24 * HOUR * 2) / 3);
    expect(due).toBeGreaterThan((days * 24 * HOUR) / 2);
  }
});
