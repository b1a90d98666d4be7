import type { Change, IssuedCertificate } from '../../contract/change.ts';
import type { OutcomeCode, RejectionCode } from '../../contract/codes.ts';
import type { RecordType } from '../../contract/envelope.ts';
import type { ChainHead } from '../../core/envelope.ts';
import type { RecordState } from '../../core/record-state.ts';
import type { SignedAnchor } from './work.ts';

/** Why a record that should have gone did not; `at` in milliseconds since 1970. */
export interface SendFault {
  readonly code:
    | 'no_answer'
    | 'not_our_backend'
    | 'signed_out'
    | 'busy'
    | 'answer_invalid'
    | 'receipt_unverified'
    /** The backend does not know the key that signed it: told of it, it may. */
    | 'operator_key_unknown';
  readonly at: number;
}

/** A record's row in the outbox: everything that may change. The signed envelope lies apart and never does. */
export interface QueuedRecord {
  readonly id: string;
  readonly typ: RecordType;
  readonly state: RecordState;
  readonly org: string;
  readonly udid: string;
  readonly domain: string;
  /** What a person calls the place: site and position. */
  readonly title: string;
  readonly seq: number;
  readonly kid: string;
  readonly digest: string;
  /** Characters of the envelope. */
  readonly size: number;
  readonly createdAt: number;
  readonly attempts: number;
  readonly nextAt: number;
  readonly leaseOwner: string | null;
  readonly leaseUntil: number;
  readonly fault: SendFault | null;
  /** The registration that a confirmation or void speaks of. */
  readonly about: string | null;
  readonly simulated: boolean;
  /** Digests of the photos it names, where there are any. */
  readonly photos?: readonly string[];
  /** `copy`: put back from the second copy. `code`: a colleague's, taken by code. Absent where it was captured here. */
  readonly origin?: 'copy' | 'code';
  /** False where the device's firmware takes no certificate from us; absent where it does. */
  readonly takesCertificate?: boolean;
  readonly code: OutcomeCode | RejectionCode | null;
  readonly detail: string | null;
  readonly decidedAt: string | null;
  /** The receipt's time, once one verified. */
  readonly receivedAt: string | null;
  readonly certificate: IssuedCertificate | null;
  readonly unproven: boolean;
  /** Fingerprint of the certificate that was in the device when the backend decided anew. Bound to it again, it is installed. */
  readonly installed?: string;
  /** Who captured it, and their name. Absent in rows of older versions until the lists of devices were built (devices.ts). */
  readonly operator?: string;
  readonly operatorName?: string;
  /** Where a registration or an amendment says that the device stands, and the digest of that place (core/place.ts). */
  readonly place?: {
    readonly site?: string;
    readonly siteTitle?: string;
    readonly position?: string;
    readonly digest: string;
  };
  /** A visit by which the device was to stand elsewhere than this phone knew. */
  readonly corrects?: true;
  readonly maker?: string;
  /** What else the device is called, and what it is. */
  readonly names?: readonly string[];
  readonly model?: string;
  /** Of a confirmation: fingerprint of the certificate that was written. */
  readonly wrote?: string;
  /** The person who decided, where the backend said so. */
  readonly decidedBy?: string | null;
  /** Its person has read why it was refused. */
  readonly read?: boolean;
  /** Era of the backend that made the last decision; absent before the first copy was put back. */
  readonly era?: string;
}

/** Of the records that the backend had signed for and lost: how many there are, and how many it has again. */
export interface SentAgain {
  readonly of: number;
  readonly done: number;
  /** An older copy was put back; false where single records were missing. */
  readonly putBack: boolean;
  readonly isOver: boolean;
}

/** Counts kept in the same transaction as the rows, so that the first screen needs one read. */
export interface OutboxSummary {
  readonly counts: Readonly<Partial<Record<RecordState, number>>>;
  readonly unsent: number;
  readonly oldestUnsentAt: number | null;
  readonly certificatesWaiting: number;
  /** Until the person has read it. */
  readonly again?: SentAgain;
}

export interface NewRecord {
  readonly row: QueuedRecord;
  /** The signed envelope, exactly as it will be sent. */
  readonly jws: string;
  /** The chain head this record was signed after; if the stored head is another one, nothing is written. */
  readonly after: ChainHead;
  readonly head: ChainHead;
  /** The anchor that the record names, where nothing else on this phone keeps it. */
  readonly anchor?: SignedAnchor;
}

/** What happened to a record that had been leased. */
export type Settlement =
  | {
      readonly id: string;
      readonly kind: 'received';
      readonly receipt: string;
      readonly receiptDigest: string;
      readonly receivedAt: string;
    }
  | { readonly id: string; readonly kind: 'rejected'; readonly code: RejectionCode }
  | { readonly id: string; readonly kind: 'not_sent'; readonly fault: SendFault; readonly nextAt: number };

/** Writing side: capture. Rejects with StorageError only (src/storage/error.ts). */
export interface Capture {
  head(kid: string): Promise<ChainHead>;
  /** Durable before it resolves. `head_moved`: somebody captured meanwhile; sign again after the new head. */
  append(record: NewRecord): Promise<'stored' | 'head_moved'>;
}

/** `owner` holds up to `limit` records from `now` until `until`; `force` passes over back-off times, never over leases. */
export interface LeaseTerms {
  readonly owner: string;
  readonly now: number;
  readonly until: number;
  readonly limit: number;
  readonly force: boolean;
  /**
   * No other drain can be at work (a lock says so): a lease found is of one that died and does not count, and none is
   * written; the rows stay as they are.
   */
  readonly alone: boolean;
  /** This drain's own, on their way or next in line: not again. */
  readonly besides?: ReadonlySet<string>;
}

/** A person's second try. Rejects with StorageError only. */
export interface Retry {
  /** A rejected record goes back among those to be sent, its bytes unchanged; anything else stays as it is. */
  retry(id: string): Promise<void>;
}

/** Draining side, used by page and worker alike. Rejects with StorageError only. */
export interface Outbox {
  /** Newest record of this operator key, sent or not. */
  head(kid: string): Promise<ChainHead>;
  /** Leases due records, in chain order and never before an earlier one of the same device, and gives their envelopes. */
  lease(terms: LeaseTerms): Promise<readonly { row: QueuedRecord; jws: string }[]>;
  settle(results: readonly Settlement[]): Promise<void>;
  /** Applies outcomes and moves the cursor, in one transaction. An outcome ahead of its receipt takes effect with it. */
  applyChanges(org: string, cursor: string, changes: readonly Change[], era?: string): Promise<void>;
  cursor(org: string): Promise<string>;
  summary(): Promise<OutboxSummary>;
}

/** Reading side, for screens. */
export interface OutboxView {
  summary(): Promise<OutboxSummary>;
  /** Newest first; `before` is the createdAt of the last row seen. Rows of one millisecond come together, over `limit` if need be. */
  page(limit: number, before?: number): Promise<readonly QueuedRecord[]>;
  record(id: string): Promise<QueuedRecord | undefined>;
  /** Records of one device, newest first. */
  ofDevice(udid: string): Promise<readonly QueuedRecord[]>;
  certificatesWaiting(): Promise<readonly QueuedRecord[]>;
  subscribe(onChange: () => void): () => void;
}
