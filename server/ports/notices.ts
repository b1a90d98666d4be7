import type { NoticeKind, NoticeWish, PushSubscription } from '../../contract/notice.ts';
import type { OrgName } from './issuer-name.ts';

/** One thing to tell one person in one way. */
export interface Notice {
  /** Made of what is told, to whom and how, so that the same is told once however often somebody asks for it. */
  readonly id: string;
  readonly kind: NoticeKind;
  readonly way: 'mail' | 'push';
  readonly org: OrgName | null;
  /** Whom it is for; null where an address was invited that is nobody's yet. */
  readonly operator: string | null;
  /** Id of the push subscription; null for mail. */
  readonly browser: string | null;
  /** What it is about: an invitation's id, an operator key's. Never shown to whom it is for. */
  readonly about: string;
  /** Sealed by the vault: address and link of an invitation, a code. Gone as soon as the notice ended. */
  readonly sealed: string | null;
  readonly madeAt: string;
  /** It is not told later than this. */
  readonly endsAt: string;
}

export interface WaitingNotice extends Notice {
  readonly tries: number;
}

/** `dropped`: there is no more reason to tell it, or nobody to tell it to. */
export type NoticeEnd = 'sent' | 'dropped' | 'dead';

/** Notices that wait to be told, and for a while those that were. */
export interface NoticeOutbox {
  /** False if it is there already. */
  add(notice: Notice): Promise<boolean>;
  /** Those whose time has come, the oldest first. */
  due(now: string, limit: number): Promise<WaitingNotice[]>;
  delay(
    id: string,
    next: { readonly tries: number; readonly nextAt: string; readonly fault: string | null },
  ): Promise<void>;
  /** False if it had ended. */
  end(id: string, how: NoticeEnd, at: string): Promise<boolean>;
  /** Removes those that ended before then. */
  forget(before: string): Promise<void>;
  /** How many wait, and how many of those have failed at least once. */
  waiting(): Promise<{ readonly all: number; readonly failing: number }>;
}

/** A mail address that a code was sent to. */
export interface AddressProof {
  readonly address: string;
  /** SHA-256 of person and code, base64url. */
  readonly hash: string;
  readonly tries: number;
  readonly madeAt: string;
  readonly expiresAt: string;
}

/** That a code was asked for. It stays when the proof is gone, since it is what limits the next one. */
export interface AskedCode {
  /** As in AddressProof. */
  readonly hash: string;
  readonly operator: string;
  /** SHA-256 of the address in lower case, base64url. */
  readonly address: string;
  readonly madeAt: string;
}

/** What each person agreed to, and their confirmed address. */
export interface NoticeWishes {
  /** Those with at least one way. */
  ofOperator(operator: string): Promise<NoticeWish[]>;
  wish(operator: string, wish: NoticeWish, at: string): Promise<void>;
  address(operator: string): Promise<string | undefined>;
  setAddress(operator: string, address: string | null): Promise<void>;
  proof(operator: string): Promise<AddressProof | undefined>;
  /** Undefined: none is asked for any more. */
  setProof(operator: string, proof: AddressProof | undefined): Promise<void>;
  noteAsked(asked: AskedCode): Promise<void>;
  /** How many codes this person asked for, or anybody for this address, within these instants. */
  countAsked(
    of: Pick<AskedCode, 'operator'> | Pick<AskedCode, 'address'>,
    within: { readonly from: string; readonly to: string },
  ): Promise<number>;
  /** Forgets what was asked for before then. */
  forgetAsked(before: string): Promise<void>;
}

/** A browser that is told by push (RFC 8030). */
export interface PushedBrowser extends PushSubscription {
  /** SHA-256 of the endpoint, base64url. */
  readonly id: string;
  readonly operator: string;
  readonly label: string;
  readonly madeAt: string;
}

export interface PushedBrowsers {
  browser(id: string): Promise<PushedBrowser | undefined>;
  /** The newest first. */
  ofOperator(operator: string): Promise<PushedBrowser[]>;
  /** A browser that was another person's is this one's then. */
  save(browser: PushedBrowser): Promise<void>;
  remove(id: string): Promise<void>;
  removeAll(): Promise<void>;
}
