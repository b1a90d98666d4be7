import type { HeldRecord } from '../../contract/approval.ts';
import type { DeviceAct, DeviceState } from '../../contract/device-state.ts';
import type { ListRow } from '../../contract/list-row.ts';
import type { EnrolChallenge, EnrolResponse, Session, SignInOptions } from '../../contract/operator.ts';
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
  /** The pack as a signed JWS; `etag` of the one held saves the transfer (`unchanged`). */
  workPack(
    org: string,
    etag: string | null,
  ): Promise<BackendResult<{ jws: string; etag: string; anchor?: string } | 'unchanged'>>;
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
