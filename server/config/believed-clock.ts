import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { Clock } from '../../core/clock.ts';
import { NotNow } from '../ports/not-now.ts';
import type { ServerClock } from '../ports/server-clock.ts';

/** The clocks of a machine, milliseconds each. */
export interface MachineClock extends Clock {
  /** By a clock that nobody sets, since the machine was started; it stands still while the machine sleeps. */
  steady(): number;
  /** Since the machine was started, its sleep included; undefined if it does not know. */
  sinceBoot(): number | undefined;
  /** Names this run of the machine, so that the two above can be compared over processes; undefined if it has no name. */
  boot(): string | undefined;
}

/** Linux alone counts sleep apart from its wall clock; elsewhere the system reckons one by the other. */
const isLinux = process.platform === 'linux';

export const machineClock: MachineClock = {
  now: () => Date.now(),
  steady: () => Number(process.hrtime.bigint() / 1_000_000n),
  sinceBoot: () => (isLinux ? uptime() * 1000 : undefined),
  boot() {
    try {
      return isLinux ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() : undefined;
    } catch {
      return undefined;
    }
  },
};

/** All clocks of a machine at one moment at which its wall clock was believed. */
export interface SeenTime {
  readonly at: number;
  readonly steady: number;
  readonly sinceBoot: number | undefined;
  readonly boot: string | undefined;
}

const HOUR = 3_600_000;
/** How far the clock may run away. What we sign is dated back as far, so no verifier is kept out by less. */
export const TOLERANCE = HOUR;
/** How long an installation may have stood still. Whoever starts it after a longer time confirms the clock. */
export const LONGEST_REST = 60 * 24 * HOUR;

export interface BelievedClock extends ServerClock {
  /** What the time should be, reckoned from when the clock was last believed. */
  reckoned(): number;
  /** All clocks as they stand. Throws NotNow as `now` does. */
  seen(): SeenTime;
  /** An administrator says that the clock is right. */
  believe(): void;
}

/** The wall clock was somewhere from `from` to `to` when the others stood as they do here. */
interface Moment {
  readonly from: number;
  readonly to: number;
  readonly steady: number;
  readonly sinceBoot: number | undefined;
}

/**
 * Believes a machine's wall clock as long as it goes with the clocks that nobody sets. `last`: the time that this
 * installation last wrote down, by whatever process on whatever machine; undefined at its first start.
 */
export function believedClock(machine: MachineClock, last: SeenTime | undefined): BelievedClock {
  const here = () => ({ steady: machine.steady(), sinceBoot: machine.sinceBoot() });
  const moment = (from: number, to = from): Moment => ({ from, to, ...here() });
  let base = last === undefined ? moment(machine.now()) : since(last);

  function since({ at, boot, steady, sinceBoot }: SeenTime): Moment {
    const isSameRun = boot !== undefined && boot === machine.boot() && steady <= machine.steady();
    return isSameRun ? { from: at, to: at, steady, sinceBoot } : moment(at, at + LONGEST_REST);
  }

  /**
   * Sleep included where the machine knows of it: the steady clock stands still meanwhile, and would hide as much of a wrong
   * clock. In a container the time since the start may be the container’s own, which begins anew; it is never less than this.
   */
  function passed(): number {
    const awake = machine.steady() - base.steady;
    const boot = machine.sinceBoot();
    return boot === undefined || base.sinceBoot === undefined
      ? awake
      : Math.max(awake, boot - base.sinceBoot);
  }

  function ahead(): number {
    const wall = machine.now() - passed();
    if (wall < base.from - TOLERANCE) return wall - base.from;
    return wall > base.to + TOLERANCE ? wall - base.to : 0;
  }

  function doubt(): number | undefined {
    const off = ahead();
    if (off !== 0) return off;
    // The first look after the start tells when in that long time it was.
    if (base.from !== base.to) base = moment(machine.now());
    return undefined;
  }

  return {
    now() {
      if (doubt() !== undefined) throw new NotNow('clock_not_believed');
      return machine.now();
    },
    seen() {
      const at = this.now();
      return { at, ...here(), boot: machine.boot() };
    },
    doubt,
    steady: { now: () => machine.steady() },
    reckoned: () => base.from + Math.max(0, passed()),
    believe() {
      base = moment(machine.now());
    },
  };
}
