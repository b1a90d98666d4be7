import type { Stretches } from '../../contract/phone.ts';
import type { QueuedRecord, SentAgain, Settlement } from './outbox.ts';

/**
 * How far this phone and its backend have compared what they have. A backend may be put back to an older copy; then it
 * names another era, and has lost what only phones still hold.
 */
export interface Accord {
  /** Era of the last accord, as the backend signed it; null: it was never put back. Absent: never compared. */
  readonly era?: string | null;
  /** What `changes` called the era then. It is not signed, so another one only says that it is time to ask. */
  readonly hint?: string | null;
  /** When that was, in milliseconds since 1970. */
  readonly at: number;
  /** Somebody signed in since. A new era ends every session, so each phone comes by this. */
  readonly signedIn: boolean;
  /** Not to be asked before, after an answer that made no sense. */
  readonly notBefore: number;
  /** The operator key, where the backend does not know it and was told of it in vain. */
  readonly unknownKid: string | null;
  /** The operator key, where it must be enrolled once more: the backend knows no credential of it. */
  readonly enrolAgain: string | null;
  /** When the backend refused a whole batch of what was sent again; one of them must be the reason. */
  readonly refusedAt: number | null;
}

export const NO_ACCORD: Accord = {
  at: 0,
  signedIn: false,
  notBefore: 0,
  unknownKid: null,
  enrolAgain: null,
  refusedAt: null,
};

/** What proves of one record that the backend had it. */
export interface RecordPapers {
  readonly jws: string;
  /** Receipts as they were signed, the first and, where there is one, the newest. */
  readonly receipts: readonly string[];
}

/** What the backend lost, for the drain. Rejects with StorageError only. */
export interface SendAgain {
  /** Newest number of each chain that has records here, a colleague's taken by code too. */
  chains(): Promise<{ kid: string; seq: number }[]>;
  accord(): Promise<Accord>;
  /** `again`: what is to be said of what was sent again; null once it was read. */
  noteAccord(change: Partial<Accord>, again?: SentAgain | null): Promise<void>;
  /** In chain order. */
  rowsWhere(which: (row: QueuedRecord) => boolean): Promise<readonly QueuedRecord[]>;
  /** Of those whose envelopes are here. */
  papers(ids: readonly string[]): Promise<ReadonlyMap<string, RecordPapers>>;
  /** Keeps the new receipts and counts. The records stay what they were, but for those that are signed as rejected. */
  settleAgain(results: readonly Settlement[]): Promise<void>;
  /** What was rejected is to be sent once more, and what waits need not wait any longer. */
  revive(ids: readonly string[]): Promise<void>;
}

export function isWithin(stretches: Stretches | undefined, seq: number): boolean {
  return stretches?.some(({ from, to }) => from <= seq && seq <= to) ?? false;
}
