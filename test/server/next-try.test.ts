import { describe, expect, it } from 'vitest';
import { fromInstant, toInstant } from '../../core/instant.ts';
import { afterFault, afterSuccess, DEAD_AFTER } from '../../server/outside/events/next-try.ts';
import { day } from '../support/judge-reads.ts';

const NOW = fromInstant(day(10));

describe('a receiver that did not take an event', () => {
  const crypto = { random: (length: number) => new Uint8Array(length).fill(0xff) };
  const fresh = afterSuccess(7, NOW);
  const failed = (
    before = fresh,
    at = NOW,
    more: { fault?: 'not_taken' | 'not_reached'; retryAfter?: number } = {},
  ) => afterFault(before, { ok: false, fault: 'not_taken', ...more }, at, crypto);

  it('is tried again from the same event, later each time, and remembers since when it fails', () => {
    const first = failed();
    expect(first).toMatchObject({
      told: 7,
      tries: 1,
      notTaken: 1,
      failingSince: toInstant(NOW),
      deadAt: null,
    });
    expect(fromInstant(first.nextAt)).toBeGreaterThan(NOW);
    const second = failed(first, NOW + 1000);
    expect(second).toMatchObject({ tries: 2, notTaken: 2, failingSince: toInstant(NOW) });
    expect(fromInstant(second.nextAt) - NOW - 1000).toBeGreaterThanOrEqual(fromInstant(first.nextAt) - NOW);
  });

  it('may ask for more time, and not for less', () => {
    const hour = 3_600_000;
    expect(fromInstant(failed(fresh, NOW, { retryAfter: hour }).nextAt)).toBe(NOW + hour);
    expect(failed(fresh, NOW, { retryAfter: 0 }).nextAt).toBe(failed().nextAt);
  });

  it('has refused only what it has refused one time after the other', () => {
    const unreachable = failed(failed(), NOW, { fault: 'not_reached' });
    expect(unreachable).toMatchObject({ tries: 2, notTaken: 0, fault: 'not_reached' });
  });

  it('is given up after seven days of failing, to the instant, and starts anew with a success', () => {
    const since = failed();
    expect(failed(since, NOW + DEAD_AFTER - 1).deadAt).toBeNull();
    const dead = failed(since, NOW + DEAD_AFTER);
    expect(dead.deadAt).toBe(toInstant(NOW + DEAD_AFTER));
    expect(afterSuccess(8, NOW)).toEqual({
      ...{ told: 8, tries: 0, notTaken: 0, fault: null, failingSince: null, deadAt: null },
      nextAt: toInstant(NOW),
    });
  });
});
