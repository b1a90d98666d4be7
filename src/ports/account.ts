import type {
  AuthenticationResponse,
  InvitationLink,
  InvitationShown,
  Invite,
  OrgPeople,
  OwnPasskey,
  OwnPhone,
  RegistrationOptions,
  RegistrationResponse,
  SignInChallenge,
} from '../../contract/account.ts';
import type { Role, Session } from '../../contract/operator.ts';
import type { BackendResult } from './backend.ts';

/**
 * What came of asking an authenticator. `not_used`: no person, no finger, no passkey, or too late: browsers do not say which
 * (WebAuthn level 3, section 14.5). `here_already`: it holds one of the passkeys that were to be left out. `not_possible`: this
 * browser or this address has no passkeys. `not_loaded`: what asks it is not on this device and could not be fetched.
 */
export type Shown<T> =
  | { readonly kind: 'done'; readonly response: T }
  | { readonly kind: 'not_used' | 'here_already' | 'not_possible' | 'not_loaded' };

/** The authenticator of this device, or one beside it. Never rejects. */
export interface PasskeyPort {
  make(options: RegistrationOptions): Promise<Shown<RegistrationResponse>>;
  show(challenge: SignInChallenge): Promise<Shown<AuthenticationResponse>>;
  /** The backend does not know this one: the authenticator may offer it no more. Nothing happens where it cannot be told. */
  tellUnknown(rpId: string, id: string): Promise<void>;
}

/** Both ceremonies with a passkey, and invitations as whoever accepts one sees them. Never rejects. */
export interface PasskeyBackend {
  askToSignIn(): Promise<BackendResult<SignInChallenge>>;
  signIn(response: AuthenticationResponse): Promise<BackendResult<Session>>;
  readInvitation(token: string): Promise<BackendResult<InvitationShown>>;
  accept(token: string, said: SaidOfSelf): Promise<BackendResult<RegistrationOptions>>;
  take(token: string, response: RegistrationResponse): Promise<BackendResult<Session>>;
  /** With the account that is signed in. */
  joinAs(token: string): Promise<BackendResult<Session>>;
}

/** What whoever accepts an invitation says: a name, where it names nobody yet; the first organisation, at set-up. */
export interface SaidOfSelf {
  readonly name?: string;
  readonly org?: { readonly name: string; readonly title: string };
}

/** The session, or the stable code of what stood in its way. */
export type Entering =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly code: string };

/** Coming in. Never rejects. */
export interface EntryTools {
  signIn(): Promise<Entering>;
  read(token: string): Promise<BackendResult<InvitationShown>>;
  /** Makes a passkey for whoever the invitation is for. */
  join(token: string, said: SaidOfSelf): Promise<Entering>;
  joinAs(token: string): Promise<BackendResult<Session>>;
}

/** What a person signs in with, and on what they sign. Never rejects. */
export interface OwnAccountBackend {
  passkeys(): Promise<BackendResult<readonly OwnPasskey[]>>;
  endPasskey(id: string): Promise<BackendResult<null>>;
  phones(): Promise<BackendResult<readonly OwnPhone[]>>;
  endPhone(kid: string, because: string): Promise<BackendResult<null>>;
  /** A link for another device, shown once. */
  anotherDevice(): Promise<BackendResult<InvitationLink>>;
}

/** Who works in an organisation, for its administrators. Never rejects. */
export interface PeopleBackend {
  people(org: string): Promise<BackendResult<OrgPeople>>;
  invite(org: string, invite: Invite): Promise<BackendResult<InvitationLink>>;
  answerInvitation(org: string, id: string, answer: 'withdraw' | 'approve'): Promise<BackendResult<null>>;
  /** Undefined takes the person out of the organisation. */
  changeRole(
    org: string,
    operator: string,
    role: Role | undefined,
    because: string,
  ): Promise<BackendResult<null>>;
  endPhone(org: string, operator: string, kid: string, because: string): Promise<BackendResult<null>>;
  endSessions(org: string, operator: string, because: string): Promise<BackendResult<null>>;
}
