import type { OUTCOMES } from '../../contract/change.ts';
import type { OutcomeCode } from '../../contract/codes.ts';
import type { RecordHeader } from '../../contract/envelope.ts';
import type { OrgName } from './issuer-name.ts';

export type Outcome = (typeof OUTCOMES)[number];

/** A received record and what was decided about it so far. */
export interface StoredRecord {
  readonly id: string;
  readonly digest: string;
  readonly header: RecordHeader;
  /** The operator whose key signed it. */
  readonly author: string;
  readonly payload: unknown;
  /** Of the device that it names; null if it names none. */
  readonly udid: string | null;
  readonly capturedAt: string;
  readonly receivedAt: string;
  /** Null until decided. */
  readonly outcome: Outcome | null;
  readonly code: OutcomeCode | null;
  readonly decidedAt: string | null;
  readonly binding: string | null;
  /** The person who approved the binding; null if the rules were enough. */
  readonly approvedBy: string | null;
}

/** The fields of a record that change while it is decided. */
export type Progress = Pick<StoredRecord, 'id' | 'outcome' | 'binding' | 'approvedBy'>;

export interface Settlement {
  readonly outcome: Outcome;
  readonly code: OutcomeCode | null;
  readonly decidedAt: string;
  readonly binding: string | null;
}

/** A record as it was received, so that it need not be read again, or the id of one. */
export type RecordOrId = StoredRecord | string;

/** One record at a time, from its arrival to its outcome. */
export interface Records {
  add(record: StoredRecord): Promise<void>;
  record(id: string): Promise<StoredRecord | undefined>;
  /** Undecided or held records that name this device. */
  waitingOf(udid: string): Promise<StoredRecord[]>;
  /** Names the binding that is being issued for the record. The record is undecided until it is settled, even if it was held. */
  attach(id: string, binding: string, approvedBy: string | null): Promise<void>;
  /** Makes the record undecided again, as if it had just arrived. */
  reopen(id: string): Promise<void>;
  settle(id: string, settlement: Settlement): Promise<void>;
  /** Held records in the order of arrival: of more than `limit` some of every author. */
  held(org: OrgName, limit: number): Promise<StoredRecord[]>;
}

/** Undecided records, for the decider. */
export interface DecisionQueue {
  /**
   * Of these records claims those that nobody has begun to decide, until the transaction ends. Records that other
   * transactions have locked are left out.
   */
  claim(ids: readonly string[]): Promise<string[]>;
  /** The progress of these records, locked until the transaction ends. */
  lock(ids: readonly string[]): Promise<Progress[]>;
  /** In the order of arrival; within one chain in its own order. */
  pending(limit: number): Promise<StoredRecord[]>;
  /** The number of undecided records, counted up to `limit`. */
  countPending(limit: number): Promise<number>;
  /** Undecided records among these, and of the devices that these name, in the same order. */
  pendingOf(received: readonly RecordOrId[], limit: number): Promise<StoredRecord[]>;
  /** Records that were held because they arrived after their operator's revocation. */
  heldAsRevoked(kid: string): Promise<StoredRecord[]>;
  /** Ids of records that are held for this reason, of this person where one is named. */
  heldBecause(code: OutcomeCode, author?: string): Promise<string[]>;
}
