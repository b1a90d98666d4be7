import type { HeldRecord } from '../../contract/approval.ts';
import type { DeviceAct, DeviceState } from '../../contract/device-state.ts';
import type { ListRow } from '../../contract/list-row.ts';
import type { EnrolChallenge, EnrolResponse, Session, SignInOptions } from '../../contract/operator.ts';
import type { OwnSession } from '../../contract/own-session.ts';
import type { TransferAnswer, TransferState } from '../../contract/transfer.ts';
import type { BackendResult } from './backend.ts';

/** What signing in and step 0 need of the backend. Never rejects. */
export interface AccountBackend {
  signInOptions(): Promise<BackendResult<SignInOptions>>;
  signIn(operator: string): Promise<BackendResult<Session>>;
  signOut(): Promise<BackendResult<null>>;
  session(): Promise<BackendResult<Session>>;
  enrolChallenge(): Promise<BackendResult<EnrolChallenge>>;
  enrol(proof: string): Promise<BackendResult<EnrolResponse>>;
  /** The statement keys, each signed by the one before, and the ends of those that have ended. */
  knownKeys(): Promise<BackendResult<readonly string[]>>;
  /** The pack as a signed JWS; `etag` of the one held saves the transfer (`unchanged`). */
  workPack(
    org: string,
    etag: string | null,
  ): Promise<BackendResult<{ jws: string; etag: string; anchor?: string } | 'unchanged'>>;
  /** What changed in the list after this cursor: a signed statement, the digests beside it, and where that leads. */
  listChanges(
    org: string,
    held: { readonly cursor: string; readonly etag: string } | null,
  ): Promise<BackendResult<{ list: string; digests: string; etag: string } | 'unchanged'>>;
}

/** A person's own sessions, on this browser and on others. Never rejects. */
export interface SessionsBackend {
  sessions(): Promise<BackendResult<readonly OwnSession[]>>;
  endSession(id: string): Promise<BackendResult<null>>;
}

/** What the desk's screens need of the backend. Never rejects. */
export interface DeskBackend {
  /** The newest first. `find`: those with each word in their UDID, maker, domain or site. `domain`: live ones only. */
  devices(
    org: string,
    which?: { readonly find: string } | { readonly udid: string } | { readonly domain: string },
  ): Promise<BackendResult<readonly DeviceState[]>>;
  /** Suspend, resume, replace, retire or revoke a bound device. */
  act(
    org: string,
    device: { readonly maker: string; readonly udid: string },
    act: DeviceAct,
  ): Promise<BackendResult<null>>;
  held(org: string): Promise<BackendResult<readonly HeldRecord[]>>;
  decide(
    org: string,
    record: string,
    decision: 'approve' | 'refuse',
    reason: string,
  ): Promise<BackendResult<null>>;
  /** Open claims of others on this organisation's devices. */
  transfers(org: string): Promise<BackendResult<readonly TransferState[]>>;
  decideTransfer(
    org: string,
    id: string,
    decision: 'give_up' | 'refuse',
    because: string,
  ): Promise<BackendResult<TransferAnswer['result']>>;
  /** Training organisations only: adds the simulated device's row. */
  addTrainingRow(org: string, row: ListRow): Promise<BackendResult<null>>;
}
