/** Why the database does not do its work now. None of these is the fault of what was asked for. */
export type Outage =
  | 'database_away'
  | 'database_read_only'
  | 'database_busy'
  | 'outcome_unknown'
  | 'disk_full'
  | 'disk_failing'
  | 'database_damaged';

/** What is so, and what whoever runs the server does about it. */
const SENTENCE: Record<Outage, string> = {
  database_away: 'the database cannot be reached; start it, or look at its address and password',
  database_read_only: 'the database takes nothing, it is read-only; wait until its primary is there again',
  database_busy: 'the database did not answer in time; another program may be holding a lock on it',
  outcome_unknown: 'the database did not say whether it kept the last change; look before doing it again',
  disk_full: 'the disk is full; make room',
  disk_failing: 'the disk under the database fails; look at the system’s log, and at the last backup',
  database_damaged:
    'the database is damaged; set its file aside, and restore the last backup beside the keys',
};

/** Seconds after which whoever asked may ask again. */
const RETRY_AFTER: Record<Outage, number> = {
  database_away: 5,
  database_read_only: 5,
  database_busy: 5,
  outcome_unknown: 1,
  disk_full: 60,
  disk_failing: 60,
  database_damaged: 300,
};

/** Of these the next request hears as well, whatever it asks for. */
const FOR_ALL: readonly Outage[] = ['database_away', 'database_read_only', 'disk_full', 'disk_failing'];

/**
 * The database did not do its work. What was to be written is not acknowledged; it is not there either, but for an unknown
 * outcome. Who asked may ask again.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly outage: Outage;
  /** Seconds. */
  readonly retryAfter: number;
  /** Whether nothing was kept, and the same work may succeed at once on another connection. */
  readonly isRetryable: boolean;

  constructor(outage: Outage, cause: unknown, isRetryable = false) {
    const code = codeOf(cause);
    super(code === '' ? SENTENCE[outage] : `${SENTENCE[outage]} (${code})`, { cause });
    this.outage = outage;
    this.retryAfter = RETRY_AFTER[outage];
    this.isRetryable = isRetryable;
  }

  /** Whether what comes next would fail as well, so that a round had better end here. */
  get isForAll(): boolean {
    return FOR_ALL.includes(this.outage);
  }
}

/**
 * What came of work that may be left out on a full disk; undefined if it was. That is no reason not to start: verifiers are
 * answered, and what was received waits for the next round.
 */
export async function unlessFull<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (error instanceof Unavailable && error.outage === 'disk_full') return undefined;
    throw error;
  });
}

/** The engine's or the system's own code of an error: nothing in it is from outside. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Told whenever the database as a whole did not do its work. */
export interface DatabaseObserver {
  failed(error: Unavailable): void;
}

export const UNOBSERVED: DatabaseObserver = { failed: () => undefined };
