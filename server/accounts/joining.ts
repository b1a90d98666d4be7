import type { InvitationAccept, RegistrationOptions, RegistrationResponse } from '../../contract/account.ts';
import type { Role } from '../../contract/operator.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { toInstant } from '../../core/instant.ts';
import type { Invitation, Passkey } from '../ports/accounts.ts';
import type { OrgName } from '../ports/issuer-name.ts';
import type { SignedInPerson } from '../ports/signed-in-person.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';
import { faultOf, hashOfToken, type InvitationFault, type InvitationParts } from './invitations.ts';
import type { Passkeys } from './passkeys.ts';

type Stores =
  | 'invitations'
  | 'people'
  | 'orgs'
  | 'passkeys'
  | 'userHandles'
  | 'sessions'
  | 'installationAdministrators'
  | 'administratorTimes'
  | 'pushedBrowsers';

export interface JoinParts extends Omit<InvitationParts, 'stores' | 'transact'> {
  readonly stores: Needs<Stores>;
  readonly transact: Transact<Stores | 'audit'>;
  readonly passkeys: Passkeys;
  /** Makes the first organisation of an installation, with its CA. */
  makeOrg(org: {
    readonly name: OrgName;
    readonly title: string;
    readonly by: string;
  }): Promise<'made' | 'there' | 'name_not_allowed'>;
}

/** `request_invalid`: a name or the first organisation is missing, or is none. */
export type JoinFault =
  | InvitationFault
  | 'request_invalid'
  | 'nonce_unknown'
  | 'passkey_refused'
  | 'conflict';

export interface Joining {
  /** Asks for a passkey of whoever holds the link. */
  ask(accept: InvitationAccept, browser: string): Promise<RegistrationOptions | JoinFault>;
  /** Takes the passkey: the person's operator id, who may then be signed in. */
  take(
    token: string,
    response: RegistrationResponse,
    browser: string,
    label: string,
  ): Promise<{ readonly operator: string; readonly passkey: string } | JoinFault>;
  /** A signed-in person takes an invitation to a further organisation, with the passkeys that there are. */
  takeAs(token: string, person: SignedInPerson): Promise<'done' | JoinFault>;
}

interface Said {
  readonly operator: string;
  readonly handle: string;
  readonly name: string;
  readonly org?: { readonly name: OrgName; readonly title: string };
}

export function joining(parts: JoinParts): Joining {
  const { stores, transact, clock, crypto, passkeys } = parts;

  async function open(token: string): Promise<Invitation | InvitationFault> {
    const invitation = await stores.invitations.byHash(await hashOfToken(token, crypto));
    return (await faultOf(invitation, clock.now(), stores)) ?? (invitation as Invitation);
  }

  /** Who it will be: the person whom the invitation names, or a new one. */
  async function whoever(invitation: Invitation, accept: InvitationAccept): Promise<Said | undefined> {
    const { operator } = invitation;
    if (operator !== null) {
      const person = await stores.people.person(operator);
      const handle = (await stores.userHandles.ofOperator(operator)) ?? toBase64Url(crypto.random(32));
      return person === undefined || person.revokedAt !== null
        ? undefined
        : { operator, handle, name: person.name };
    }
    const name = (accept.name ?? invitation.name).trim();
    const said = { operator: newOperator(name), handle: toBase64Url(crypto.random(32)), name };
    if (name === '') return undefined;
    if (invitation.kind !== 'set-up') return said;
    return accept.org === undefined ? undefined : { ...said, org: accept.org };
  }

  /** A name to read on the trail, and what makes it nobody else's. */
  function newOperator(name: string): string {
    const word = /^[a-z][a-z0-9]{0,30}/.exec(
      name
        .normalize('NFKD')
        .toLowerCase()
        .replace(/[^a-z0-9 ]/g, ''),
    )?.[0];
    const end = [...crypto.random(5)].map((byte) => (byte % 36).toString(36)).join('');
    return `${word ?? 'person'}-${end}`;
  }

  async function enter(
    invitation: Invitation,
    said: Said,
    passkey: Omit<Passkey, 'operator' | 'usedAt' | 'endedAt'>,
  ): Promise<'done' | JoinFault> {
    const at = toInstant(clock.now());
    const { operator, handle, name } = said;
    return transact(async (tx) => {
      if (invitation.kind === 'set-up') {
        if (await hasRealPeople(tx)) return 'invitation_over';
      } else {
        // Once more, by what is so now: what it was judged by may have changed since it was read.
        const fault = await faultOf(await tx.invitations.invitation(invitation.id), clock.now(), tx);
        if (fault !== undefined) return fault;
        if (!(await tx.invitations.use(invitation.id, operator, at))) return 'invitation_used';
      }
      // Two may show the same one at once.
      if ((await tx.passkeys.passkey(passkey.id)) !== undefined) return 'conflict';
      if (invitation.operator === null) {
        await tx.people.savePerson({ operator, name, about: '', demoRole: null, revokedAt: null });
      } else if (invitation.kind === 'recovery') {
        // Whoever found the old phone is out: its passkey, every session that it began, and each link that it made.
        await tx.passkeys.endOf(operator, at, 'recovered by an invitation');
        await tx.sessions.removeOf(operator);
        await tx.invitations.withdrawOf(operator, ['device', 'recovery'], at);
        await tx.invitations.withdrawMadeBy(operator, at);
        for (const { id } of await tx.pushedBrowsers.ofOperator(operator)) await tx.pushedBrowsers.remove(id);
      }
      await tx.userHandles.give(operator, handle);
      const org = said.org?.name ?? invitation.org;
      const role = invitation.kind === 'set-up' ? 'administrator' : invitation.role;
      if (invitation.kind === 'set-up') {
        await tx.installationAdministrators.set(operator, true);
        await tx.administratorTimes.begun(operator, null, at);
      }
      if (org !== null && role !== null && invitation.kind !== 'recovery')
        await enterOrg(operator, org, role, at, tx);
      await tx.passkeys.save({ ...passkey, operator });
      await audit(tx.audit, {
        ...{
          at,
          step: STEPS.admin,
          event: 'invitation accepted',
          actor: operator,
          org,
          subject: invitation.id,
        },
        detail: `${invitation.kind}${role === null ? '' : `, ${role}`}`,
      });
      return 'done';
    });
  }

  /** Whether anybody is something in the organisation, people who were revoked too. */
  async function isInUse(org: OrgName): Promise<boolean> {
    for (const { operator } of await stores.people.people())
      if ((await stores.people.memberships(operator)).some((one) => one.org === org)) return true;
    return false;
  }

  async function enterOrg(
    operator: string,
    org: OrgName,
    role: Role,
    at: string,
    tx: Needs<'people' | 'administratorTimes'>,
  ): Promise<void> {
    await tx.people.saveMembership(operator, org, role);
    if (role === 'administrator') await tx.administratorTimes.begun(operator, org, at);
  }

  /**
   * Makes the first organisation. The link is claimed before, so that of several that are used at once one alone makes one; a crash
   * in between leaves nobody, and the next start a new link.
   */
  async function setUp(
    invitation: Invitation,
    operator: string,
    org: NonNullable<Said['org']>,
  ): Promise<JoinFault | undefined> {
    const at = toInstant(clock.now());
    const isClaimed = await transact(
      async (tx) => !(await hasRealPeople(tx)) && tx.invitations.claimSetUp(invitation.id, at),
    );
    if (!isClaimed) return 'invitation_over';
    // Made before the person is: an administrator of nothing could do nothing, and who made it shows on the trail.
    const result = await parts.makeOrg({ ...org, by: operator });
    // One that a crash left half-made has nobody; what somebody has worked in is taken over by no link.
    const isOthers = result === 'there' && (await isInUse(org.name));
    if (result !== 'name_not_allowed' && !isOthers) return undefined;
    await transact((tx) => tx.invitations.giveBack(invitation.id));
    return isOthers ? 'conflict' : 'request_invalid';
  }

  return {
    async ask(accept, browser) {
      const invitation = await open(accept.token);
      if (typeof invitation === 'string') return invitation;
      const said = await whoever(invitation, accept);
      if (said === undefined) return 'request_invalid';
      const there = invitation.kind === 'device' ? await stores.passkeys.ofOperator(said.operator) : [];
      return passkeys.askToRegister(
        { handle: said.handle, name: said.name, passkeys: there },
        { invitation: invitation.id, about: JSON.stringify(said) },
        browser,
      );
    },

    async take(token, response, browser, label) {
      const invitation = await open(token);
      if (typeof invitation === 'string') return invitation;
      const made = await passkeys.register(response, browser);
      if (typeof made === 'string') return made;
      if (made.ceremony.invitation !== invitation.id) return 'nonce_unknown';
      if ((await stores.passkeys.passkey(made.passkey.id)) !== undefined) return 'conflict';
      const said = JSON.parse(made.ceremony.about) as Said;
      if (said.org !== undefined) {
        const fault = await setUp(invitation, said.operator, said.org);
        if (fault !== undefined) return fault;
      }
      const passkey = { ...made.passkey, label, madeAt: toInstant(clock.now()) };
      const entered = await enter(invitation, said, passkey);
      return entered === 'done' ? { operator: said.operator, passkey: passkey.id } : entered;
    },

    async takeAs(token, { operator }) {
      const invitation = await open(token);
      if (typeof invitation === 'string') return invitation;
      const { kind, org, role, id } = invitation;
      if (kind !== 'join' || org === null || role === null) return 'conflict';
      const at = toInstant(clock.now());
      return transact(async (tx) => {
        // What a person is there already is not changed by a link.
        if ((await tx.people.memberships(operator)).some((one) => one.org === org)) return 'conflict';
        const fault = await faultOf(await tx.invitations.invitation(id), clock.now(), tx);
        if (fault !== undefined) return fault;
        if (!(await tx.invitations.use(id, operator, at))) return 'invitation_used';
        await enterOrg(operator, org, role, at, tx);
        await audit(tx.audit, {
          ...{ at, step: STEPS.admin, event: 'invitation accepted', actor: operator, org, subject: id },
          detail: `${kind}, ${role}`,
        });
        return 'done';
      });
    },
  };
}

/** Whether there is, or ever was, anybody who is no demo person: what they did is theirs, whoever signs in now. */
export async function hadRealPeople({ people }: Needs<'people'>): Promise<boolean> {
  return (await people.people()).some(({ demoRole }) => demoRole === null);
}

/** Whether somebody could sign in who is no demo person. */
export async function hasRealPeople({
  people,
  installationAdministrators,
}: Needs<'people' | 'installationAdministrators'>): Promise<boolean> {
  if ((await installationAdministrators.all()).length > 0) return true;
  return (await people.people()).some(({ demoRole, revokedAt }) => demoRole === null && revokedAt === null);
}
