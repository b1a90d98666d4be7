import type { BatchRequest, BatchResponse } from '../../contract/batch.ts';
import type { Changes } from '../../contract/change.ts';
import type { ChainsAnswer, ChainsRequest, HandBack, HandedBack } from '../../contract/era.ts';

/** Why a request gave nothing. `retryAfterMs` where the server named a time. */
export type BackendFailure =
  | { readonly kind: 'unreachable' }
  /** Something answered that is not our backend: a captive portal, a proxy's page. */
  | { readonly kind: 'not_our_backend' }
  | { readonly kind: 'signed_out' }
  | { readonly kind: 'busy'; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string };

export type BackendResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: BackendFailure };

/** What the drain needs of the backend. Never rejects. */
export interface SyncBackend {
  /** Sends at most 100 records; the answer is parsed and its nonce is ours, or it is a failure. */
  postBatch(request: BatchRequest, signal: AbortSignal): Promise<BackendResult<BatchResponse>>;
  changes(org: string, after: string, signal: AbortSignal): Promise<BackendResult<Changes>>;
  statementKeys(signal: AbortSignal): Promise<BackendResult<readonly string[]>>;
  /** Whether our backend is reachable now: a nonce comes back. */
  probe(signal: AbortSignal): Promise<BackendResult<null>>;
}

/** What it takes to find out what the backend lost, and to give it back. Never rejects. */
export interface AccordBackend {
  /** Which numbers of these chains the backend has not got. */
  chains(chains: ChainsRequest['chains'], signal: AbortSignal): Promise<BackendResult<ChainsAnswer>>;
  /** What it signed itself, and its older copy may not know. */
  handBack(what: HandBack, signal: AbortSignal): Promise<BackendResult<HandedBack>>;
}
