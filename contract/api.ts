/** The whole API in one table, so that routes, client, entitlements and reference read one thing: so it is long. */
import { Object as Obj, String as Text, type TSchema } from 'typebox/type';
import {
  AdministratorInvite,
  InstallationChange,
  InstalledOrgs,
  InvitationAccept,
  InvitationLink,
  InvitationRead,
  InvitationShown,
  InvitationTake,
  Invite,
  NewOrg,
  OrgPeople,
  OwnPasskeys,
  OwnPhones,
  PasskeyName,
  PasskeySignIn,
  PhoneEnd,
  Recovery,
  RegistrationOptions,
  RoleChange,
  SignInChallenge,
} from './account.ts';
import { ApprovalRequest, HeldRecords } from './approval.ts';
import { BatchRequest, BatchResponse } from './batch.ts';
import { Change, Changes, Cursor } from './change.ts';
import { ClientAct, DeviceAct, DeviceActed, DeviceSearch, DeviceStates } from './device-state.ts';
import { ChainsAnswer, ChainsRequest, HandBack, HandedBack } from './era.ts';
import { FieldDevices } from './field-device.ts';
import { ListChangesAnswer, ListCursor } from './list-changes.ts';
import { ListImport, ListImportResult } from './list-row.ts';
import { NoticesChange, OwnNotices } from './notice.ts';
import {
  EnrolChallenge,
  EnrolRequest,
  EnrolResponse,
  OperatorId,
  Session,
  SignInOptions,
  SignInRequest,
} from './operator.ts';
import { OwnSessions, SessionsEnd, SessionsEnded } from './own-session.ts';
import { LossReport, PhoneStates } from './phone.ts';
import { PhotoAnswer, PhotoPart, PhotoProgress, PhotosOfRecord } from './photo.ts';
import { RescueKeyAnswer, RescuePart } from './rescue.ts';
import { Digest, DomainName, Maker, Maybe, OneOf, OrgName, RecordId, Udid, Uuid } from './scalars.ts';
import { Probe, StatementKeysAnswer, WorkPackAnswer } from './sync-answers.ts';
import { TransferAnswer, TransferDecision, TransferStates } from './transfer.ts';
import { VerifyAnswer, VerifyRequest } from './verify.ts';

/** One operation of the API; whom it is for stands in contract/entitlements.ts. Bodies are JSON; errors are problem documents (contract/problem.ts). */
export interface Operation {
  readonly method: 'GET' | 'POST';
  /** Path with `:name` for parameters, as the server's router writes it. */
  readonly path: string;
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Bytes of the body, where a batch's limit is not meant. */
  readonly bodyLimit?: number;
  readonly answer: TSchema;
}

const Nonce = Text({ pattern: '^[A-Za-z0-9_-]{16,64}$' });
const Empty = Obj({});
const DevicePath = Obj({ maker: Maker, udid: Udid });

/** The whole API, by name. The server registers exactly these; the page's client calls exactly these. */
export const API = {
  probe: {
    method: 'GET',
    path: '/api/probe',
    summary: 'Echo a nonce: is this our backend?',
    query: Obj({ nonce: Nonce }),
    answer: Probe,
  },
  signInOptions: {
    method: 'GET',
    path: '/api/sign-in',
    summary: 'Ways to sign in',
    answer: SignInOptions,
  },
  signIn: {
    method: 'POST',
    path: '/api/sign-in',
    summary: 'Sign in as a demo person',
    body: SignInRequest,
    answer: Session,
  },
  askToSignIn: {
    method: 'POST',
    path: '/api/passkeys/challenge',
    summary: 'A challenge to sign in with a passkey (WebAuthn), good once and in this browser',
    answer: SignInChallenge,
  },
  passkeySignIn: {
    method: 'POST',
    path: '/api/passkeys/sign-in',
    summary: 'Sign in with a passkey, or sign in again',
    body: PasskeySignIn,
    answer: Session,
  },
  passkeys: {
    method: 'GET',
    path: '/api/passkeys',
    summary: 'One’s own passkeys',
    answer: OwnPasskeys,
  },
  endPasskey: {
    method: 'POST',
    path: '/api/passkeys/end',
    summary: 'End a passkey of one’s own, but for the last',
    body: PasskeyName,
    answer: Empty,
  },
  readInvitation: {
    method: 'POST',
    path: '/api/invitations/read',
    summary: 'What an invitation is for, as whoever holds its link may know',
    body: InvitationRead,
    answer: InvitationShown,
  },
  acceptInvitation: {
    method: 'POST',
    path: '/api/invitations/accept',
    summary: 'A challenge to make a passkey for an invitation',
    body: InvitationAccept,
    answer: RegistrationOptions,
  },
  takeInvitation: {
    method: 'POST',
    path: '/api/invitations/take',
    summary: 'Take an invitation with the passkey that was made, and be signed in',
    body: InvitationTake,
    answer: Session,
  },
  joinByInvitation: {
    method: 'POST',
    path: '/api/invitations/join',
    summary: 'Take an invitation to a further organisation, with the passkeys that there are',
    body: InvitationRead,
    answer: Session,
  },
  anotherDevice: {
    method: 'POST',
    path: '/api/invitations/device',
    summary: 'A link for another phone or computer of one’s own, good for ten minutes',
    answer: InvitationLink,
  },
  ownPhones: {
    method: 'GET',
    path: '/api/own-phones',
    summary: 'Phones of one’s own: the operator keys that sign for one',
    answer: OwnPhones,
  },
  endOwnPhone: {
    method: 'POST',
    path: '/api/own-phones/:kid',
    summary: 'End a phone of one’s own that is lost or not used any more',
    params: Obj({ kid: Digest }),
    body: PhoneEnd,
    answer: Empty,
  },
  people: {
    method: 'GET',
    path: '/api/people',
    summary: 'People of an organisation, what they sign in with and on, and who is invited',
    query: Obj({ org: OrgName }),
    answer: OrgPeople,
  },
  invite: {
    method: 'POST',
    path: '/api/invitations',
    summary: 'Invite a new person, or one who lost all passkeys',
    query: Obj({ org: OrgName }),
    body: Invite,
    answer: InvitationLink,
  },
  withdrawInvitation: {
    method: 'POST',
    path: '/api/invitations/:id/withdraw',
    summary: 'Take an invitation back',
    params: Obj({ id: Uuid }),
    query: Obj({ org: OrgName }),
    answer: Empty,
  },
  approveInvitation: {
    method: 'POST',
    path: '/api/invitations/:id/approve',
    summary: 'Agree, as a second administrator, to an invitation that waits',
    params: Obj({ id: Uuid }),
    query: Obj({ org: OrgName }),
    answer: Empty,
  },
  changeRole: {
    method: 'POST',
    path: '/api/people/:operator/role',
    summary: 'Give a person of the organisation another role, or none',
    params: Obj({ operator: OperatorId }),
    query: Obj({ org: OrgName }),
    body: RoleChange,
    answer: Empty,
  },
  endPhone: {
    method: 'POST',
    path: '/api/people/:operator/phones/:kid',
    summary: 'End a phone that is lost: its operator key signs nothing any more',
    params: Obj({ operator: OperatorId, kid: Digest }),
    query: Obj({ org: OrgName }),
    body: PhoneEnd,
    answer: Empty,
  },
  orgs: {
    method: 'GET',
    path: '/api/installation/organisations',
    summary: 'All organisations of the installation, with who administers them',
    answer: InstalledOrgs,
  },
  makeOrg: {
    method: 'POST',
    path: '/api/installation/organisations',
    summary: 'Make an organisation with an issuing CA of its own, and invite its first administrator',
    body: NewOrg,
    answer: InvitationLink,
  },
  inviteAdministrator: {
    method: 'POST',
    path: '/api/installation/organisations/:name/administrators',
    summary: 'Invite an administrator; where there is one already, it waits for that one’s word',
    params: Obj({ name: OrgName }),
    body: AdministratorInvite,
    answer: InvitationLink,
  },
  recoverPerson: {
    method: 'POST',
    path: '/api/installation/people/:operator/recovery',
    summary: 'Invite a person anew who lost all passkeys and works for several organisations',
    params: Obj({ operator: OperatorId }),
    body: Recovery,
    answer: InvitationLink,
  },
  approveRecovery: {
    method: 'POST',
    path: '/api/installation/invitations/:id/approve',
    summary: 'Agree, as a second installation administrator, to a recovery that waits',
    params: Obj({ id: Uuid }),
    answer: Empty,
  },
  withdrawRecovery: {
    method: 'POST',
    path: '/api/installation/invitations/:id/withdraw',
    summary: 'Take a recovery back, or an invitation that one made oneself for an organisation',
    params: Obj({ id: Uuid }),
    answer: Empty,
  },
  changeInstallationAdministrator: {
    method: 'POST',
    path: '/api/installation/people/:operator',
    summary: 'Make a person an installation administrator, or one no longer',
    params: Obj({ operator: OperatorId }),
    body: InstallationChange,
    answer: Empty,
  },
  signOut: {
    method: 'POST',
    path: '/api/sign-out',
    summary: 'End the session',
    answer: Empty,
  },
  session: {
    method: 'GET',
    path: '/api/session',
    summary: 'Who is signed in',
    answer: Session,
  },
  sessions: {
    method: 'GET',
    path: '/api/sessions',
    summary: 'One’s own sessions, on this browser and on others',
    answer: OwnSessions,
  },
  endSession: {
    method: 'POST',
    path: '/api/sessions/:id',
    summary: 'End a session of one’s own',
    params: Obj({ id: Digest }),
    answer: Empty,
  },
  endSessionsOf: {
    method: 'POST',
    path: '/api/people/:operator/sessions',
    summary: 'End all sessions of a person of the organisation, who may sign in again',
    params: Obj({ operator: OperatorId }),
    query: Obj({ org: OrgName }),
    body: SessionsEnd,
    answer: SessionsEnded,
  },
  notices: {
    method: 'GET',
    path: '/api/notices',
    summary: 'What one is told of while not looking, by mail or push, and where',
    answer: OwnNotices,
  },
  changeNotices: {
    method: 'POST',
    path: '/api/notices',
    summary: 'Change what one is told of, by mail or push, and where',
    body: NoticesChange,
    answer: OwnNotices,
  },
  enrolChallenge: {
    method: 'POST',
    path: '/api/operator-keys/challenge',
    summary: 'Nonce for enrolling an operator key',
    answer: EnrolChallenge,
  },
  enrol: {
    method: 'POST',
    path: '/api/operator-keys',
    summary: 'Enrol an operator key, or renew its capture credential',
    body: EnrolRequest,
    answer: EnrolResponse,
  },
  statementKeys: {
    method: 'GET',
    path: '/api/statement-keys',
    summary: 'Statement keys, each signed by its predecessor',
    answer: StatementKeysAnswer,
  },
  workPack: {
    method: 'GET',
    path: '/api/work-pack',
    summary: 'The signed work pack (ETag)',
    /** `list=apart`: without the list, which the phone takes from `/api/list-changes`. */
    query: Obj({ org: OrgName, list: Maybe(OneOf('apart')) }),
    answer: WorkPackAnswer,
  },
  listChanges: {
    method: 'GET',
    path: '/api/list-changes',
    summary: 'What changed in the maker’s list since a phone asked last (ETag)',
    query: Obj({ org: OrgName, after: ListCursor }),
    answer: ListChangesAnswer,
  },
  records: {
    method: 'POST',
    path: '/api/records',
    summary: 'Send records; a receipt each',
    body: BatchRequest,
    answer: BatchResponse,
  },
  chains: {
    method: 'POST',
    path: '/api/chains',
    summary: 'Which numbers of these chains are missing here',
    body: ChainsRequest,
    answer: ChainsAnswer,
  },
  handBack: {
    method: 'POST',
    path: '/api/hand-back',
    summary: 'What this backend signed and an older copy of its database does not know',
    body: HandBack,
    bodyLimit: 4 * 1024 * 1024,
    answer: HandedBack,
  },
  rescueKey: {
    method: 'GET',
    path: '/api/rescue-key',
    summary: 'The key that rescue files are sealed to, as a signed statement',
    answer: RescueKeyAnswer,
  },
  rescue: {
    method: 'POST',
    path: '/api/rescue',
    summary: "One part of a colleague's rescue file; a receipt for each record in it",
    body: RescuePart,
    answer: BatchResponse,
  },
  reportLoss: {
    method: 'POST',
    path: '/api/phone-losses',
    summary: "A phone's storage was cleared: what had not been sent",
    body: LossReport,
    answer: LossReport,
  },
  phones: {
    method: 'GET',
    path: '/api/phones',
    summary: 'Phones of an organisation, and what of their records never came',
    query: Obj({ org: OrgName }),
    answer: PhoneStates,
  },
  photoPart: {
    method: 'POST',
    path: '/api/photos',
    summary: 'One part of a photo that a received record names, or how far it is',
    body: PhotoPart,
    answer: PhotoProgress,
  },
  photosOfRecord: {
    method: 'GET',
    path: '/api/photos',
    summary: 'Photos that a record names, and which of them have come',
    query: Obj({ org: OrgName, record: RecordId }),
    answer: PhotosOfRecord,
  },
  photo: {
    method: 'GET',
    path: '/api/photos/:digest',
    summary: 'A photo of an organisation',
    params: Obj({ digest: Digest }),
    query: Obj({ org: OrgName }),
    answer: PhotoAnswer,
  },
  changes: {
    method: 'GET',
    path: '/api/changes',
    summary: 'Outcomes and certificates since a cursor',
    query: Obj({ org: OrgName, after: Cursor, nonce: Nonce }),
    answer: Changes,
  },
  fieldDevices: {
    method: 'GET',
    path: '/api/field-devices',
    summary: 'What an organisation has where, and what it needs next: what changed since a cursor',
    query: Obj({ org: OrgName, after: Cursor }),
    answer: FieldDevices,
  },
  importList: {
    method: 'POST',
    path: '/api/list',
    summary: "Add rows to the maker's list (training organisations only)",
    query: Obj({ org: OrgName }),
    body: ListImport,
    answer: ListImportResult,
  },
  devices: {
    method: 'GET',
    path: '/api/devices',
    summary:
      'Bound devices of an organisation, the newest first: the newest 1000, 50 that are found, those of a UDID, or the live ones of a domain',
    query: Obj({
      org: OrgName,
      find: Maybe(DeviceSearch),
      udid: Maybe(Udid),
      domain: Maybe(DomainName),
    }),
    answer: DeviceStates,
  },
  actOnDevice: {
    method: 'POST',
    path: '/api/devices/:maker/:udid',
    summary: 'Suspend, resume, retire, replace or revoke a bound device',
    params: DevicePath,
    query: Obj({ org: OrgName }),
    body: DeviceAct,
    answer: DeviceActed,
  },
  clientAct: {
    method: 'POST',
    path: '/api/client/devices/:maker/:udid',
    summary: 'Suspend, revoke or offer a device of the machine client’s organisation (bearer token)',
    params: DevicePath,
    body: ClientAct,
    answer: DeviceActed,
  },
  verify: {
    method: 'POST',
    path: '/api/verify',
    summary: 'The five checks of a device certificate: signature, chain, revocation, name, grant',
    body: VerifyRequest,
    answer: VerifyAnswer,
  },
  transfers: {
    method: 'GET',
    path: '/api/transfers',
    summary: 'Open claims on the devices of an organisation',
    query: Obj({ org: OrgName }),
    answer: TransferStates,
  },
  decideTransfer: {
    method: 'POST',
    path: '/api/transfers/:id',
    summary: 'Give a claimed device up (two persons) or refuse the claim',
    params: Obj({ id: RecordId }),
    query: Obj({ org: OrgName }),
    body: TransferDecision,
    answer: TransferAnswer,
  },
  approvals: {
    method: 'GET',
    path: '/api/approvals',
    summary: 'Records that wait for a person',
    query: Obj({ org: OrgName }),
    answer: HeldRecords,
  },
  decideApproval: {
    method: 'POST',
    path: '/api/approvals/:record',
    summary: 'Approve or refuse a held record (not your own)',
    params: Obj({ record: RecordId }),
    query: Obj({ org: OrgName }),
    body: ApprovalRequest,
    answer: Change,
  },
} as const satisfies Record<string, Operation>;
export type ApiName = keyof typeof API;
