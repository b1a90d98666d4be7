import type { ApiName } from './api.ts';
import { CUSTODIANS, DESK, ROLES } from './roles.ts';

type Role = (typeof ROLES)[number];

/** What a role gives, as one sentence to a person each (src/ui/words): operations of one right stand or fall together. */
export const RIGHTS = [
  'bind',
  'look',
  'practise',
  'end_devices',
  'give_devices_up',
  'decide_records',
  'see_phones',
  'manage_people',
  'manage_installation',
] as const;
export type Right = (typeof RIGHTS)[number];

/**
 * Whom an operation is for; nobody else (default deny).
 *
 * - `anybody`: in our own page, signed in or not; `open`: any other machine too, since no cookie is read and nothing changes.
 * - `client`: a machine client with the right token.
 * - `self`: whoever is signed in, about themselves and what is theirs; another person's is not found.
 * - `installation`: an installation administrator, who answers for what spans organisations.
 * - roles: people of the organisation that the call names in its query, in one of these roles.
 */
export interface Entitlement {
  readonly to: 'anybody' | 'open' | 'client' | 'self' | 'installation' | readonly Role[];
  readonly right?: Right;
  /** `others`: only what somebody else captured or asked for (four eyes). */
  readonly records?: 'others';
  /** Asks for a sign-in of the last minutes: always, or for these acts of the body. */
  readonly fresh?: 'always' | readonly string[];
}

/** Every operation has its row: one without does not compile. Routes, screens and the test of every cell read it. */
export const ENTITLEMENTS = {
  probe: { to: 'anybody' },
  signInOptions: { to: 'anybody' },
  signIn: { to: 'anybody' },
  askToSignIn: { to: 'anybody' },
  passkeySignIn: { to: 'anybody' },
  passkeys: { to: 'self' },
  endPasskey: { to: 'self', fresh: 'always' },
  readInvitation: { to: 'anybody' },
  acceptInvitation: { to: 'anybody' },
  takeInvitation: { to: 'anybody' },
  joinByInvitation: { to: 'self', fresh: 'always' },
  anotherDevice: { to: 'self', fresh: 'always' },
  ownPhones: { to: 'self' },
  endOwnPhone: { to: 'self', fresh: 'always' },
  people: { to: ['administrator'], right: 'manage_people' },
  invite: { to: ['administrator'], right: 'manage_people', fresh: 'always' },
  withdrawInvitation: { to: ['administrator'], right: 'manage_people' },
  approveInvitation: { to: ['administrator'], right: 'manage_people', records: 'others', fresh: 'always' },
  changeRole: { to: ['administrator'], right: 'manage_people', fresh: 'always' },
  endPhone: { to: ['administrator'], right: 'manage_people', fresh: 'always' },
  orgs: { to: 'installation', right: 'manage_installation' },
  makeOrg: { to: 'installation', right: 'manage_installation', fresh: 'always' },
  inviteAdministrator: { to: 'installation', right: 'manage_installation', fresh: 'always' },
  recoverPerson: { to: 'installation', right: 'manage_installation', fresh: 'always' },
  approveRecovery: { to: 'installation', right: 'manage_installation', records: 'others', fresh: 'always' },
  withdrawRecovery: { to: 'installation', right: 'manage_installation' },
  changeInstallationAdministrator: { to: 'installation', right: 'manage_installation', fresh: 'always' },
  signOut: { to: 'self' },
  session: { to: 'self' },
  sessions: { to: 'self' },
  endSession: { to: 'self' },
  endSessionsOf: { to: ['administrator'], right: 'manage_people' },
  notices: { to: 'self' },
  changeNotices: { to: 'self' },
  enrolChallenge: { to: 'self' },
  enrol: { to: 'self' },
  statementKeys: { to: 'anybody' },
  workPack: { to: ROLES, right: 'bind' },
  listChanges: { to: ROLES, right: 'bind' },
  records: { to: 'self' },
  chains: { to: 'self' },
  handBack: { to: 'self' },
  rescueKey: { to: 'anybody' },
  rescue: { to: 'self' },
  reportLoss: { to: 'self' },
  phones: { to: DESK, right: 'see_phones' },
  photoPart: { to: 'self' },
  photosOfRecord: { to: ROLES, right: 'look' },
  photo: { to: ROLES, right: 'look' },
  changes: { to: ROLES, right: 'bind' },
  fieldDevices: { to: ROLES, right: 'bind' },
  importList: { to: ROLES, right: 'practise' },
  devices: { to: ROLES, right: 'look' },
  actOnDevice: { to: CUSTODIANS, right: 'end_devices', fresh: ['revoke'] },
  clientAct: { to: 'client' },
  verify: { to: 'open' },
  transfers: { to: CUSTODIANS, right: 'give_devices_up' },
  decideTransfer: { to: CUSTODIANS, right: 'give_devices_up', records: 'others', fresh: 'always' },
  approvals: { to: DESK, right: 'decide_records' },
  decideApproval: { to: DESK, right: 'decide_records', records: 'others', fresh: 'always' },
} as const satisfies Record<ApiName, Entitlement>;

/** Operations whose call has a signed-in person. */
export type WithPerson = {
  readonly [K in ApiName]: (typeof ENTITLEMENTS)[K]['to'] extends 'anybody' | 'open' | 'client' ? never : K;
}[ApiName];

/** Operations whose call names an organisation, in which the caller must be somebody. */
export type WithOrg = {
  readonly [K in ApiName]: (typeof ENTITLEMENTS)[K]['to'] extends readonly Role[] ? K : never;
}[ApiName];

/** What somebody who is signed in is: something in one organisation, or an installation administrator. */
export type Standing = Role | 'installation';

/** Whether somebody who is that has this right. */
export function hasRight(standing: Standing, right: Right): boolean {
  return Object.values<Entitlement>(ENTITLEMENTS).some((row) => row.right === right && isFor(row, standing));
}

/** Whether somebody who is that may call the operation, in their own organisation where it names one. */
export function mayCall(standing: Standing, name: ApiName): boolean {
  const row: Entitlement = ENTITLEMENTS[name];
  return row.to === 'self' || row.to === 'anybody' || row.to === 'open' || isFor(row, standing);
}

function isFor({ to }: Entitlement, standing: Standing): boolean {
  if (to === 'installation') return standing === 'installation';
  return typeof to !== 'string' && to.some((role) => role === standing);
}
