import type { Clock } from '../../core/clock.ts';

const MINUTE = 60_000;
/** Failures are counted together for so long. */
const WINDOW = 10 * MINUTE;
const LOCK = 15 * MINUTE;
const MOST_NAMES = 10_000;
/** What may fail in a window. People of one firm share an address; nobody's passkey fails ten times. */
export const FAILURES = { address: 30, account: 10 } as const;

/**
 * Counts failed attempts to come in, by address and by account, and takes none for a while after too many. Secrets of 256 bits are
 * not found by guessing: what this gives is that somebody who tries is seen. The counts are in memory of one process.
 */
export interface Guesses {
  /** Seconds until attempts are taken again; undefined where they are taken. */
  lockedFor(name: string): number | undefined;
  /** Counts a failure. True exactly where it locked the name. */
  failed(kind: keyof typeof FAILURES, name: string): boolean;
}

/** @param clock one that nobody sets */
export function guesses(clock: Clock): Guesses {
  const counts = new Map<string, { from: number; failures: number; lockedUntil: number }>();

  function current(name: string, now: number) {
    const known = counts.get(name);
    if (known !== undefined && (now < known.lockedUntil || now - known.from < WINDOW)) return known;
    counts.delete(name);
    return undefined;
  }

  return {
    lockedFor(name) {
      const now = clock.now();
      const { lockedUntil = 0 } = current(name, now) ?? {};
      return now < lockedUntil ? Math.ceil((lockedUntil - now) / 1000) : undefined;
    },
    failed(kind, name) {
      const now = clock.now();
      const known = current(name, now) ?? { from: now, failures: 0, lockedUntil: 0 };
      // A name that is locked is counted no further: each attempt would make the lock longer.
      if (now < known.lockedUntil) return false;
      const failures = known.failures + 1;
      const locks = failures >= FAILURES[kind];
      counts.delete(name);
      counts.set(
        name,
        locks ? { from: now + LOCK - WINDOW, failures: 0, lockedUntil: now + LOCK } : { ...known, failures },
      );
      const [first] = counts.keys();
      if (counts.size > MOST_NAMES && first !== undefined) counts.delete(first);
      return locks;
    },
  };
}
