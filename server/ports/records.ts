import type { OUTCOMES } from '../../contract/change.ts';
import type { OutcomeCode } from '../../contract/codes.ts';
import type { RecordHeader } from '../../contract/envelope.ts';
import type { OrgName } from './issuer-name.ts';

export type Outcome = (typeof OUTCOMES)[number];

/** A received record and what was decided of it so far. */
export interface StoredRecord {
  readonly id: string;
  readonly digest: string;
  readonly header: RecordHeader;
  /** The operator whose key signed it. */
  readonly author: string;
  readonly payload: unknown;
  /** Of the device that it speaks of; null if it speaks of none. */
  readonly udid: string | null;
  readonly capturedAt: string;
  readonly receivedAt: string;
  /** Null until decided. */
  readonly outcome: Outcome | null;
  readonly code: OutcomeCode | null;
  readonly decidedAt: string | null;
  readonly binding: string | null;
  /** The person at whose word it is being bound; null where the rules were enough. */
  readonly approvedBy: string | null;
}

/** What changes of a record while it is decided; all else stays as it was received. */
export type Progress = Pick<StoredRecord, 'id' | 'outcome' | 'binding' | 'approvedBy'>;

export interface Settlement {
  readonly outcome: Outcome;
  readonly code: OutcomeCode | null;
  readonly decidedAt: string;
  readonly binding: string | null;
}

/** A record as it was received, which is then not read again, or the id of one. */
export type RecordOrId = StoredRecord | string;

/** One record at a time, from its arrival to its outcome. */
export interface Records {
  add(record: StoredRecord): Promise<void>;
  record(id: string): Promise<StoredRecord | undefined>;
  /** Undecided or held ones that speak of this device. */
  waitingOf(udid: string): Promise<StoredRecord[]>;
  /** Names the binding that is being issued for it: undecided again, even if it was held, until it is settled. */
  attach(id: string, binding: string, approvedBy: string | null): Promise<void>;
  /** Undecided again, as if it had just come. */
  reopen(id: string): Promise<void>;
  settle(id: string, settlement: Settlement): Promise<void>;
  held(org: OrgName, limit: number): Promise<StoredRecord[]>;
}

/** Undecided records, for whoever decides them. */
export interface DecisionQueue {
  /** Those of these that nobody has begun to decide, kept from others until the transaction ends; those others keep are left out. */
  claim(ids: readonly string[]): Promise<string[]>;
  /** How far these are, kept so until the transaction ends. */
  lock(ids: readonly string[]): Promise<Progress[]>;
  /** In the order they came; of one chain in its own order. */
  pending(limit: number): Promise<StoredRecord[]>;
  /** How many there are; no more than `limit` are counted. */
  countPending(limit: number): Promise<number>;
  /** Those of these records and of the devices they speak of, in the same order. */
  pendingOf(received: readonly RecordOrId[], limit: number): Promise<StoredRecord[]>;
  /** Held because they came after their operator's revocation. */
  heldAsRevoked(kid: string): Promise<StoredRecord[]>;
}
