import type { InvitationAccept, RegistrationOptions, RegistrationResponse } from '../../contract/account.ts';
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
  | 'installationAdministrators';

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
export type JoinFault = InvitationFault | 'request_invalid' | 'nonce_unknown' | 'conflict';

export interface Joining {
  /** Asks for a passkey of whoever holds the link. */
  ask(accept: InvitationAccept, browser: string): Promise<RegistrationOptions | JoinFault>;
  /** Takes the passkey: the person's operator id, who may then be signed in. */
  take(
    token: string,
    response: RegistrationResponse,
    browser: string,
    label: string,
  ): Promise<{ readonly operator: string } | JoinFault>;
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
      if (invitation.kind === 'set-up' && (await hasRealPeople(tx))) return 'invitation_over';
      if (!(await tx.invitations.use(invitation.id, operator, at))) return 'invitation_used';
      if (invitation.operator === null) {
        await tx.people.savePerson({ operator, name, about: '', demoRole: null, revokedAt: null });
      } else if (invitation.kind === 'recovery') {
        // Whoever found the old device is out, and so is every session it began.
        await tx.passkeys.endOf(operator, at, 'recovered by an invitation');
        await tx.sessions.removeOf(operator);
      }
      await tx.userHandles.give(operator, handle);
      const org = said.org?.name ?? invitation.org;
      const role = invitation.kind === 'set-up' ? 'administrator' : invitation.role;
      if (invitation.kind === 'set-up') await tx.installationAdministrators.set(operator, true);
      if (org !== null && role !== null && invitation.kind !== 'recovery')
        await tx.people.saveMembership(operator, org, role);
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
      if (made === undefined || made.ceremony.invitation !== invitation.id) return 'nonce_unknown';
      if ((await stores.passkeys.passkey(made.passkey.id)) !== undefined) return 'conflict';
      const said = JSON.parse(made.ceremony.about) as Said;
      if (invitation.kind === 'set-up' && (await hasRealPeople(stores))) return 'invitation_over';
      // Made before the person is: an administrator of nothing could do nothing, and who made it shows on the trail.
      if (
        said.org !== undefined &&
        (await parts.makeOrg({ ...said.org, by: said.operator })) === 'name_not_allowed'
      )
        return 'request_invalid';
      const passkey = { ...made.passkey, label, madeAt: toInstant(clock.now()) };
      const entered = await enter(invitation, said, passkey);
      return entered === 'done' ? { operator: said.operator } : entered;
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
        if (!(await tx.invitations.use(id, operator, at))) return 'invitation_used';
        await tx.people.saveMembership(operator, org, role);
        await audit(tx.audit, {
          ...{ at, step: STEPS.admin, event: 'invitation accepted', actor: operator, org, subject: id },
          detail: `${kind}, ${role}`,
        });
        return 'done';
      });
    },
  };
}

/** Whether somebody could sign in who is no demo person. */
export async function hasRealPeople({
  people,
  installationAdministrators,
}: Needs<'people' | 'installationAdministrators'>): Promise<boolean> {
  if ((await installationAdministrators.all()).length > 0) return true;
  return (await people.people()).some(({ demoRole, revokedAt }) => demoRole === null && revokedAt === null);
}
