import type { NoticesChange, OwnNotices, PushSubscription } from '../../contract/notice.ts';
import type { BackendResult } from './backend.ts';

/** What a person is told of while not looking, and where. Never rejects. */
export interface NoticesBackend {
  read(): Promise<BackendResult<OwnNotices>>;
  change(change: NoticesChange): Promise<BackendResult<OwnNotices>>;
}

/** `push_denied`: the person, or the system, said no to this app. `push_not_possible`: this browser has no push service. */
export type PushFault = 'push_denied' | 'push_not_possible';

/** The push service of this browser (Push API). Never rejects. */
export interface PushPort {
  /** What the backend knows this browser by: SHA-256 of its endpoint, base64url. Undefined if it is pushed to by nobody. */
  here(): Promise<string | undefined>;
  /** @param key the backend's public key for push services, base64url */
  begin(key: string): Promise<PushSubscription | PushFault>;
  end(): Promise<void>;
}
