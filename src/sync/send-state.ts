import type { BatchResponse } from '../../contract/batch.ts';
import type { BackendFailure, BackendResult } from '../ports/backend.ts';
import type { QueuedRecord, SendFault, Settlement } from '../ports/outbox.ts';
import type { BatchSize } from './batch-size.ts';

interface LeasedRecord {
  readonly row: QueuedRecord;
  readonly jws: string;
}

/** The records of one request. */
export type Batch = readonly LeasedRecord[];

interface AnsweredBatch {
  readonly batch: Batch;
  readonly response: BatchResponse;
  /**
   * A bisection is under way: the result of this batch decides what is in the next, so it is stored before one is
   * leased.
   */
  readonly beforeNext: boolean;
}

/** Why nothing more is sent until all that is on its way has been answered. */
type SendFailure =
  | { readonly kind: 'no_answer'; readonly batch: Batch; readonly why: BackendFailure }
  /** An answer proved nothing at all: then it was not our backend's. */
  | { readonly kind: 'unproved' };

export interface Sent {
  readonly sent: number;
  /** `passing`: of one record only, which was set aside; everything else went. */
  readonly failure?: { readonly why: BackendFailure; readonly passing: boolean };
}

export interface SendState {
  readonly size: BatchSize;
  /**
   * Leased by this drain and not settled yet. A lease left at the end would show the record as on its way for another
   * minute.
   */
  readonly leased: ReadonlyMap<string, QueuedRecord>;
  /** Batches on their way, in the order they went. */
  readonly inFlight: readonly Batch[];
  readonly answered: AnsweredBatch | null;
  readonly failed: SendFailure | null;
  /** No batch was composed yet. How the last drain ended decides the size of the first. */
  readonly isFirst: boolean;
  readonly wasAnswered: boolean;
  /** Nothing more is due until something is settled, which may free later records of the same device. */
  readonly isDry: boolean;
  readonly sent: number;
  /** What the backend said of the batch that was refused last. */
  readonly refusal: BackendFailure | null;
  /** Why a record was set aside, if one was: it alone was refused, or the key that signed it is unknown. */
  readonly aside: BackendFailure | null;
  /** How it ends, once everything still leased has been given back. */
  readonly end: Sent | null;
}

/** What the table must know of a settlement. */
export type Settled = Pick<Settlement, 'id' | 'kind'> & { readonly fault?: Pick<SendFault, 'code'> };

export type SendEvent =
  | { readonly kind: 'leased'; readonly records: Batch }
  | { readonly kind: 'posted' }
  /** Of the batch that went first among those on their way. */
  | { readonly kind: 'answered'; readonly answer: BackendResult<BatchResponse> }
  | { readonly kind: 'stored'; readonly settled: readonly Settled[] }
  | { readonly kind: 'released'; readonly ids: readonly string[] };

export type SendEffect =
  | {
      readonly kind: 'lease';
      readonly limit: number;
      /** Back-off times do not stand in the way of a person who asked, unless a record was set aside meanwhile. */
      readonly mayForce: boolean;
      readonly besides: ReadonlySet<string>;
    }
  /** Sends a batch and does not wait for its answer. */
  | { readonly kind: 'post'; readonly batch: Batch; readonly alsoInFlight: number }
  /** Waits for the answer to the batch that went first. */
  | { readonly kind: 'await_answer' }
  /** Verifies the receipts of an answer and stores what they prove. */
  | { readonly kind: 'store'; readonly answered: AnsweredBatch }
  /** Gives up the lease of records that are not to be the first of the next batch again. */
  | { readonly kind: 'set_aside'; readonly rows: readonly QueuedRecord[] }
  /** Gives up the lease of everything left; null where it waits behind a record that was set aside. */
  | {
      readonly kind: 'give_back';
      readonly rows: readonly QueuedRecord[];
      readonly why: BackendFailure | null;
    };

/** One effect at a time, which the performer awaits; only requests run meanwhile. `null`: the drain is over. */
export interface SendStep {
  readonly state: SendState;
  readonly effect: SendEffect | null;
}
