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

/** Since when people are administrators: of an organisation, or with null of the installation. */
export interface AdministratorTimes {
  /** Nothing changes for whoever is one. */
  begun(operator: string, org: OrgName | null, at: string): Promise<void>;
  ended(operator: string, org: OrgName | null, at: string): Promise<void>;
  /** Undefined where it began before this was kept. */
  since(operator: string, org: OrgName | null): Promise<string | undefined>;
  /** Whether they ceased to be one of anything after that instant. */
  wasOneAfter(operator: string, at: string): Promise<boolean>;
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
  /** The second administrator who agreed. */
  readonly approvedBy: string | null;
  readonly usedAt: string | null;
  readonly withdrawnAt: string | null;
}

export interface Invitations {
  byHash(hash: string): Promise<Invitation | undefined>;
  invitation(id: string): Promise<Invitation | undefined>;
  /** Neither used nor withdrawn nor over, the newest first; null: those that are of no organisation. */
  openOf(org: OrgName | null, now: string): Promise<Invitation[]>;
  save(invitation: Omit<Invitation, 'usedAt' | 'withdrawnAt' | 'approvedBy'>): Promise<void>;
  /** Uses it up: true at most once, and only while it is open and waits for nobody. */
  use(id: string, by: string, at: string): Promise<boolean>;
  /** False if it is not open. */
  withdraw(id: string, at: string): Promise<boolean>;
  /** Uses a set-up link up, before its organisation is made: false if it is not open, or if another one is being used. */
  claimSetUp(id: string, at: string): Promise<boolean>;
  /** It may be used after all: what it was claimed for did not come about. */
  giveBack(id: string): Promise<void>;
  /** Withdraws all set-up links, those too whose use was cut short: a newer one takes their place. */
  withdrawSetUps(at: string): Promise<void>;
  /** Withdraws all of these kinds that are open for one person. */
  withdrawOf(operator: string, kinds: readonly InvitationKind[], at: string): Promise<void>;
  /** Withdraws all that this person made and that are open. */
  withdrawMadeBy(operator: string, at: string): Promise<void>;
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
  /** When its challenge was given out. */
  readonly madeAt: string;
}

export interface Ceremonies {
  /** @param hash SHA-256 of the challenge; @param browser SHA-256 of the browser's cookie */
  save(hash: string, browser: string, ceremony: Ceremony, expiresAt: string): Promise<void>;
  /** Uses the challenge up, whoever asks; undefined if it is unknown, over, or another browser's. */
  take(hash: string, browser: string, now: string): Promise<Ceremony | undefined>;
  purge(now: string): Promise<void>;
}
