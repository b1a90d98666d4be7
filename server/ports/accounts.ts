import type { InvitationKind } from '../../contract/account.ts';
import type { Role } from '../../contract/operator.ts';
import type { OrgName } from './issuer-name.ts';

/** A public key that an authenticator made for a person here (WebAuthn level 3). */
export interface Passkey {
  /** Credential id, base64url. */
  readonly id: string;
  readonly operator: string;
  /** COSE_Key, base64url. */
  readonly publicKey: string;
  /** The authenticator's signature counter as it was last seen; 0 where it keeps none. */
  readonly counter: number;
  readonly transports: readonly string[];
  readonly backedUp: boolean;
  /** What the person sees of it: browser and system that it was made with. */
  readonly label: string;
  readonly madeAt: string;
  readonly usedAt: string | null;
  readonly endedAt: string | null;
}

export interface Passkeys {
  passkey(id: string): Promise<Passkey | undefined>;
  /** Those that have not ended, the oldest first. */
  ofOperator(operator: string): Promise<Passkey[]>;
  save(passkey: Omit<Passkey, 'usedAt' | 'endedAt'>): Promise<void>;
  /** False if it ended, or if its counter is no longer `before`: somebody used it at the same time. */
  used(id: string, before: number, counter: number, at: string): Promise<boolean>;
  /** False if it had ended. */
  end(id: string, at: string, why: string): Promise<boolean>;
  /** Ends all of a person's; gives how many. */
  endOf(operator: string, at: string, why: string): Promise<number>;
}

/** WebAuthn's user handle of each person: 32 random bytes, base64url. It says nothing of the person. */
export interface UserHandles {
  ofOperator(operator: string): Promise<string | undefined>;
  /** Keeps the one that there is. */
  give(operator: string, handle: string): Promise<void>;
}

/** People who answer for the whole installation. */
export interface InstallationAdministrators {
  is(operator: string): Promise<boolean>;
  set(operator: string, isOne: boolean): Promise<void>;
  /** Those who are not revoked. */
  all(): Promise<string[]>;
}

export interface Invitation {
  readonly id: string;
  /** SHA-256 of its secret, base64url. */
  readonly hash: string;
  readonly kind: InvitationKind;
  readonly org: OrgName | null;
  readonly role: Role | null;
  /** Whose further device it is for, or who lost all passkeys. */
  readonly operator: string | null;
  readonly name: string;
  /** The person who made it; null where the server or a command did. */
  readonly madeBy: string | null;
  readonly madeAt: string;
  readonly expiresAt: string;
  /** A second administrator must agree before it is worth anything. */
  readonly waits: boolean;
  readonly usedAt: string | null;
  readonly withdrawnAt: string | null;
}

export interface Invitations {
  byHash(hash: string): Promise<Invitation | undefined>;
  invitation(id: string): Promise<Invitation | undefined>;
  /** Neither used nor withdrawn nor over, the newest first; null: those that are of no organisation. */
  openOf(org: OrgName | null, now: string): Promise<Invitation[]>;
  save(invitation: Omit<Invitation, 'usedAt' | 'withdrawnAt'>): Promise<void>;
  /** Uses it up: true at most once, and only while it is open and waits for nobody. */
  use(id: string, by: string, at: string): Promise<boolean>;
  /** False if it is not open. */
  withdraw(id: string, at: string): Promise<boolean>;
  /** Withdraws all of this kind that are open: a newer one takes their place. */
  withdrawAll(kind: InvitationKind, at: string): Promise<void>;
  /** False if it did not wait, or is not open. */
  approve(id: string, by: string, at: string): Promise<boolean>;
}

/** What a challenge was given out for: it is good once, in one browser, and for that. */
export interface Ceremony {
  readonly kind: 'sign-in' | 'register';
  /** Id of the invitation that is being accepted. */
  readonly invitation: string | null;
  /** What whoever accepts has said, as JSON; `{}` for a sign-in. */
  readonly about: string;
}

export interface Ceremonies {
  /** @param hash SHA-256 of the challenge; @param browser SHA-256 of the browser's cookie */
  save(hash: string, browser: string, ceremony: Ceremony, expiresAt: string): Promise<void>;
  /** Uses the challenge up, whoever asks; undefined if it is unknown, over, or another browser's. */
  take(hash: string, browser: string, now: string): Promise<Ceremony | undefined>;
  purge(now: string): Promise<void>;
}
