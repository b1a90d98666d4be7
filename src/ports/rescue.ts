import type { BatchResponse } from '../../contract/batch.ts';
import type { LossReport, PhoneState } from '../../contract/phone.ts';
import type { PublicJwk } from '../../contract/public-jwk.ts';
import type { BackendFailure, BackendResult } from './backend.ts';

/** What saving phones from loss needs of the backend. Never rejects. */
export interface RescueBackend {
  /** The key that rescue files are sealed to, as a signed statement. */
  rescueKey(): Promise<BackendResult<string>>;
  sendPart(part: string): Promise<BackendResult<BatchResponse>>;
  reportLoss(report: LossReport): Promise<BackendResult<null>>;
  phones(org: string): Promise<BackendResult<readonly PhoneState[]>>;
}

/** Keeps the rescue key for the day without signal. Rejects with StorageError only. */
export interface RescueKeyStore {
  rescueKey(): Promise<PublicJwk | undefined>;
  saveRescueKey(key: PublicJwk): Promise<void>;
}

/** What became of a colleague's file. */
export type ImportOutcome =
  | { readonly kind: 'done'; readonly taken: number; readonly known: number; readonly refused: number }
  | { readonly kind: 'not_a_rescue_file' }
  | { readonly kind: 'stopped'; readonly failure: BackendFailure; readonly taken: number };

/** What became of a colleague's record, read from their screen. */
export type TakeOutcome =
  | { readonly kind: 'taken' | 'known' | 'own'; readonly udid: string }
  | { readonly kind: 'not_a_record' | 'other_installation' };

/** Files of records by hand, and support's look at the phones; fetched when wanted. */
export interface RescueTools {
  /** `all`: those too that the backend has signed for. */
  exportRecords(
    which: 'unsent' | 'all',
  ): Promise<{ readonly text: string; readonly count: number } | undefined>;
  importFile(text: string, onProgress: (done: number, of: number) => void): Promise<ImportOutcome>;
  /** The record at this place among the unsent, the oldest first; its code is absent where no single one holds it. */
  recordCode(
    at: number,
  ): Promise<{ readonly of: number; readonly udid: string; readonly code: string | undefined } | undefined>;
  takeRecord(text: string): Promise<TakeOutcome>;
  prepare(): Promise<void>;
  readonly phones: RescueBackend['phones'];
}
