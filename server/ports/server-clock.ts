import type { Clock } from '../../core/clock.ts';

/** How far apart the clocks of an installation's processes may be, milliseconds. */
export const PROCESS_SKEW = 300_000;

/** The clock of an installation: what this machine says, unless there is reason not to believe it. */
export interface ServerClock extends Clock {
  /** Throws NotNow while this machine's clock is not believed: then nothing is signed, and nothing is written down with a time. */
  now(): number;
  /** Time that nobody sets: good for durations within this process, and for nothing else. */
  readonly steady: Clock;
  /** By how many milliseconds the clock is ahead of what can be believed (behind: less than 0); undefined if it is believed. */
  doubt(): number | undefined;
}

/** A clock that is always believed, as tests hand it in. */
export function believed(clock: Clock): ServerClock {
  return { now: () => clock.now(), steady: clock, doubt: () => undefined };
}

/** Setting: the clocks when they were last believed. At a start the clock is held to it. */
export const TIME_SEEN = 'time_seen';
