import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  believedClock,
  LONGEST_REST,
  type MachineClock,
  type SeenTime,
  TOLERANCE,
} from '../../../server/config/believed-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON = Date.parse('2026-06-01T12:00:00.000Z');

/** A machine of a test: time passes by hand, and its wall clock may be wrong. */
function machine({ boot = 'run 1', sleeps = true } = {}) {
  const state = { passed: 5 * DAY, asleep: 0, wrong: 0 };
  const clock: MachineClock = {
    now: () => NOON + state.passed + state.asleep + state.wrong,
    steady: () => state.passed,
    sinceBoot: () => (sleeps ? state.passed + state.asleep : undefined),
    boot: () => boot,
  };
  return { state, clock };
}

describe('the clock of a machine', () => {
  it.each([2 * DAY, 400 * DAY, -2 * DAY, -400 * DAY, TOLERANCE + 1, -TOLERANCE - 1])(
    'is not believed while it is %i ms off, and at once when it is right again',
    (wrong) => {
      const { state, clock } = machine();
      const server = believedClock(clock, undefined);
      state.passed += 40 * DAY;
      expect(server.doubt()).toBeUndefined();
      state.wrong = wrong;
      expect(server.doubt()).toBe(wrong);
      expect(() => server.now()).toThrow(expect.objectContaining({ code: 'clock_not_believed' }));
      state.passed += 65_000;
      expect(server.reckoned()).toBe(clock.now() - wrong);
      expect(server.doubt()).toBe(wrong);
      state.wrong = 0;
      expect(server.now()).toBe(clock.now());
    },
  );

  it('is believed once an administrator says so, and then as it is', () => {
    const { state, clock } = machine();
    const server = believedClock(clock, undefined);
    state.wrong = 90 * DAY;
    expect(server.doubt()).toBe(90 * DAY);
    server.believe();
    expect(server.now()).toBe(clock.now());
    state.wrong = 0;
    expect(server.doubt()).toBe(-90 * DAY);
  });

  it('may run on while the machine sleeps, where sleep can be told from a wrong clock', () => {
    const { state, clock } = machine();
    const server = believedClock(clock, undefined);
    state.asleep = 9 * HOUR;
    expect(server.doubt()).toBeUndefined();
    state.wrong = 2 * DAY;
    expect(server.doubt()).toBe(2 * DAY);
    const without = machine({ sleeps: false });
    const other = believedClock(without.clock, undefined);
    without.state.asleep = 9 * HOUR;
    expect(other.doubt()).toBe(9 * HOUR);
  });

  it('that stood still for as long as the machine slept is not believed', () => {
    const { state, clock } = machine();
    const server = believedClock(clock, undefined);
    state.asleep = 23 * HOUR;
    state.wrong = -DAY;
    expect(server.doubt()).toBe(-DAY);
    expect(server.reckoned()).toBe(clock.now() + DAY);
  });

  it('is believed in a container that was started again, whose time since the start is its own', () => {
    const { state, clock } = machine();
    const last = believedClock(clock, undefined).seen();
    state.passed += 2 * DAY;
    const again = { ...clock, sinceBoot: () => HOUR };
    expect(believedClock(again, last).doubt()).toBeUndefined();
  });

  it.each<[string, number, number | undefined]>([
    ['a day after it was last seen', DAY, undefined],
    ['after a long rest', LONGEST_REST, undefined],
    ['long after any rest', LONGEST_REST + 2 * DAY, 2 * DAY],
    ['a year late', 400 * DAY, 340 * DAY],
    ['half an hour before', -HOUR / 2, undefined],
    ['a day before', -DAY, -DAY],
  ])('at a start %s', (_, since, doubt) => {
    const { clock } = machine({ boot: 'run 2' });
    const last: SeenTime = { at: clock.now() - since, steady: 0, sinceBoot: 0, boot: 'run 1' };
    const server = believedClock(clock, last);
    expect(server.doubt()).toBe(doubt);
  });

  it('is held to the running machine over processes, however short the jump', () => {
    const { state, clock } = machine();
    const last = believedClock(clock, undefined).seen();
    state.passed += 100_000;
    state.wrong = 2 * DAY;
    expect(believedClock(clock, last).doubt()).toBe(2 * DAY);
    state.wrong = 0;
    expect(believedClock(clock, last).doubt()).toBeUndefined();
  });

  it('is believed if and only if it goes with the others, whatever happens in whatever order', () => {
    const step = fc.record({
      passed: fc.integer({ min: 0, max: 90 * DAY }),
      asleep: fc.integer({ min: 0, max: 90 * DAY }),
      wrong: fc.constantFrom(0, 0, TOLERANCE, -TOLERANCE, 2 * TOLERANCE + 1, -3 * HOUR, 400 * DAY, -DAY),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const { state, clock } = machine();
        const server = believedClock(clock, undefined);
        for (const { passed, asleep, wrong } of steps) {
          state.passed += passed;
          state.asleep += asleep;
          state.wrong = wrong;
          expect(server.doubt() === undefined).toBe(Math.abs(wrong) <= TOLERANCE);
        }
        state.wrong = 0;
        expect(server.now()).toBe(clock.now());
      }),
    );
  });
});
