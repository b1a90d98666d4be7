import type { Clock } from '../../core/clock.ts';
import type { DatabaseObserver, Unavailable } from '../ports/unavailable.ts';

/** How often the database is tried while it does not do its work, and how long it must then have done it, milliseconds. */
const TRY = 1_000;
const SETTLED = 5_000;

export interface OutageParts {
  /** Writes something small, and fails where the database takes nothing. */
  readonly tryWrite: () => Promise<void>;
  /** Prints a line for whoever runs the server. */
  readonly say: (line: string) => void;
  /** Called when an outage is over, for what waited for that. */
  readonly onBack: () => void;
  readonly clock: Clock;
  /** How often to try, and how long it must have gone well; for tests. */
  readonly every?: number;
  readonly settled?: number;
}

export interface OutageWatch extends DatabaseObserver {
  /** The failure that the outage under way began with. */
  readonly current: () => Unavailable | undefined;
  /** How often the database has failed so far. */
  readonly failures: () => number;
  /** From here on it is tried and told of. What was before that is an error of the start itself. */
  begin(parts: OutageParts): void;
  close(): void;
}

/**
 * Says once that the database does not do its work, and once that it does so again: every request and every round fails
 * meanwhile, and a line for each would bury all else. Only a write shows that it is over, since a full disk and a read-only
 * database go on answering.
 */
export function outageWatch(): OutageWatch {
  let parts: OutageParts | undefined;
  let failures = 0;
  let outage: { readonly first: Unavailable; readonly since: number; readonly before: number } | undefined;
  let lastFailure = 0;
  let timer: NodeJS.Timeout | undefined;

  function next({ every = TRY }: OutageParts): void {
    timer = setTimeout(attempt, every);
    timer.unref();
  }

  async function attempt(): Promise<void> {
    if (parts === undefined || outage === undefined) return;
    const { tryWrite, clock, say, onBack, settled = SETTLED } = parts;
    const wrote = await tryWrite().then(
      () => true,
      () => false,
    );
    if (parts === undefined) return;
    // What is damaged elsewhere a small write does not see.
    const isOver = wrote && outage.first.outage !== 'database_damaged';
    if (!isOver || Math.abs(clock.now() - lastFailure) < settled) return next(parts);
    const seconds = Math.round((clock.now() - outage.since) / 1000);
    say(
      `the database does its work again, after ${seconds} s in which it failed ${failures - outage.before} times`,
    );
    outage = undefined;
    onBack();
  }

  return {
    failed(error) {
      failures++;
      if (parts === undefined) return;
      lastFailure = parts.clock.now();
      if (outage !== undefined) return;
      outage = { first: error, since: lastFailure, before: failures - 1 };
      parts.say(error.message);
      next(parts);
    },
    current: () => outage?.first,
    failures: () => failures,
    begin(given) {
      parts = given;
    },
    close() {
      clearTimeout(timer);
      parts = undefined;
    },
  };
}
