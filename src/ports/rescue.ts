import type { BatchResponse } from '../../contract/batch.ts';
import type { LossReport, PhoneState } from '../../contract/phone.ts';
import type { PublicJwk } from '../../contract/public-jwk.ts';
import type { BackendResult } from './backend.ts';

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
