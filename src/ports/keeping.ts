import type { LossReport, Stretches } from '../../contract/phone.ts';
import type { QueuedRecord } from './outbox.ts';

/** A record as it was saved. */
export interface JournalEntry {
  readonly row: QueuedRecord;
  readonly jws: string;
}

/** The second copy of what was not sent. Rejects with the platform's own errors: it is never in the way of the first. */
export interface Journal {
  keep(entry: JournalEntry): Promise<void>;
  ids(): Promise<ReadonlySet<string>>;
  /** Undefined for what is not there or not whole. */
  read(id: string): Promise<JournalEntry | undefined>;
  forget(id: string): Promise<void>;
}

/** The outbox as its keepers see it. Rejects with StorageError only. */
export interface OutboxUpkeep {
  /** Records without a receipt, in the order they were signed, rejected ones included. */
  unsent(): Promise<readonly JournalEntry[]>;
  /** Ids of unsent rows, and of those among them whose envelope is gone. */
  unsentIds(): Promise<{ readonly ids: ReadonlySet<string>; readonly torn: ReadonlySet<string> }>;
  /** Makes the counts those of the rows, where they are not. */
  recount(): Promise<void>;
  /** Puts back what is not here from this phone's own copies, as not sent; the chain goes on after them. */
  restore(entries: readonly JournalEntry[]): Promise<void>;
  /** Numbers of this operator key that have no receipt yet. */
  unsentNumbers(kid: string): Promise<Stretches>;
}

/** Where a colleague's record comes in. Rejects with StorageError only. */
export interface OutboxIntake {
  /**
   * Puts it among what is to be sent; no chain of this phone moves. `own`: its key has signed here, where nothing comes in
   * from outside; `known`: it is here.
   */
  take(entry: JournalEntry): Promise<'taken' | 'known' | 'own'>;
}

/** What a phone remembers of itself outside its database, so that a cleared one is noticed. */
export interface Marker {
  readonly kid: string;
  readonly epoch: string;
  readonly head: number;
  readonly unsent: Stretches;
  readonly at: string;
}

/** Never rejects: where it cannot be kept there is none. */
export interface MarkerStore {
  read(): Marker | undefined;
  write(marker: Marker): void;
  /** Losses that the backend does not know of yet, the oldest first. */
  losses(): readonly LossReport[];
  keepLosses(losses: readonly LossReport[]): void;
}

/** A cleared storage as it stands now. */
export interface Wipe {
  readonly report: LossReport;
  /** What had not been sent and is not on this phone any more. */
  readonly lost: Stretches;
  /** How many of what had not been sent were put back and wait to be sent. */
  readonly waiting: number;
}

/** Notices what was lost and keeps what can be kept twice. */
export interface SafetyNet {
  findLosses(): Promise<readonly LossReport[]>;
  weigh(losses: readonly LossReport[]): Promise<readonly Wipe[]>;
  tellLosses(): Promise<void>;
  note(): Promise<void>;
  check(): Promise<{ readonly restored: number; readonly torn: number }>;
  refill(): Promise<boolean>;
}
