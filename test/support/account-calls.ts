import type { InvitationKind } from '../../contract/account.ts';
import type { ApiName } from '../../contract/api.ts';
import type { Role } from '../../contract/operator.ts';
import { type MadeInvitation, makeInvitation } from '../../server/accounts/invitations.ts';
import { BrowserOf, tokenOf } from './browser-of.ts';
import type { Wanted } from './send-call.ts';
import type { TestServer } from './server.ts';
import { makeOperatorKey } from './server-operator.ts';

/** Operations of people and their accounts, which need a browser's part or an object that is used up. */
export const ACCOUNT_CALLS = [
  'askToSignIn',
  'passkeySignIn',
  'passkeys',
  'endPasskey',
  'ownPhones',
  'endOwnPhone',
  'readInvitation',
  'acceptInvitation',
  'takeInvitation',
  'joinByInvitation',
  'anotherDevice',
  'people',
  'invite',
  'withdrawInvitation',
  'approveInvitation',
  'changeRole',
  'endPhone',
  'orgs',
  'makeOrg',
  'inviteAdministrator',
  'recoverPerson',
  'approveRecovery',
  'withdrawRecovery',
  'changeInstallationAdministrator',
] as const satisfies readonly ApiName[];
/** Those that a person of one role or another may make again and again, with the session that they have. */
export const OF_ROLES = [
  'askToSignIn',
  'passkeys',
  'endPasskey',
  'ownPhones',
  'endOwnPhone',
  'anotherDevice',
  'people',
  'invite',
  'withdrawInvitation',
  'approveInvitation',
  'changeRole',
  'endPhone',
] as const satisfies readonly (typeof ACCOUNT_CALLS)[number][];
/** What whoever comes in calls, with a secret: so many of them are tried that the server takes no more. */
export const COMING_IN = [
  'readInvitation',
  'acceptInvitation',
  'takeInvitation',
  'joinByInvitation',
  'passkeySignIn',
] as const satisfies readonly (typeof ACCOUNT_CALLS)[number][];
/** Those of installation administrators. */
export const OF_INSTALLATION = [
  'orgs',
  'makeOrg',
  'inviteAdministrator',
  'recoverPerson',
  'approveRecovery',
  'withdrawRecovery',
  'changeInstallationAdministrator',
] as const satisfies readonly (typeof ACCOUNT_CALLS)[number][];
export type AccountCall = (typeof ACCOUNT_CALLS)[number];

export interface About {
  readonly server: TestServer;
  /** Named in the query. */
  readonly org: string;
  /** Whose person, phone and invitations are named. */
  readonly owner: string;
  /** A demo person of `owner` who is no administrator: of them a phone is ended. */
  readonly colleague: string;
  /** A person of `owner` who is no demo person. */
  readonly real: string;
  /** Who calls. */
  readonly operator: string | undefined;
  /** An organisation in which nobody who calls is anything. */
  readonly elsewhere: string;
}

let made = 0;

/** A call that fits, with whatever it uses up made anew. */
export async function accountCall(name: AccountCall, about: About): Promise<Wanted> {
  const { server, org, owner, colleague, real, operator, elsewhere } = about;
  const { stores, clock } = server.running.installation;
  const query = { org };
  const because = 'seen on the list of today';
  const invitation = (
    kind: InvitationKind,
    of: string | null,
    role: Role | null,
    { waits = false, madeBy = null as string | null, whose = null as string | null } = {},
  ): Promise<MadeInvitation> =>
    makeInvitation(
      { kind, org: of, role, operator: whose, name: 'Somebody New', by: 'a test', madeBy, waits },
      server.running.installation,
    );
  const joinToken = async () => tokenOf((await invitation('join', elsewhere, 'installer')).link);
  const cookieOf = ({ cookies }: BrowserOf) =>
    [...cookies].map(([key, value]) => `${key}=${value}`).join('; ');
  switch (name) {
    case 'askToSignIn':
    case 'anotherDevice':
      return { body: {} };
    case 'passkeys':
    case 'ownPhones':
    case 'orgs':
      return {};
    case 'passkeySignIn': {
      const browser = new BrowserOf(server.url);
      await browser.join((await invitation('join', elsewhere, 'installer')).link);
      await browser.post('/api/sign-out');
      return { body: { response: await browser.answer() }, cookie: cookieOf(browser) };
    }
    case 'endPasskey': {
      const ids = ['a', 'b'].map((end) => `test-passkey-${made}${end}`);
      made++;
      if (operator !== undefined)
        for (const id of ids)
          await stores.passkeys.save({
            ...{ id, operator, publicKey: 'AA', counter: 0, transports: [], backedUp: false },
            ...{ label: 'Chrome on Android', madeAt: new Date(clock.now()).toISOString() },
          });
      return { body: { id: ids[0] } };
    }
    case 'readInvitation':
    case 'acceptInvitation':
    case 'joinByInvitation':
      return { body: { token: await joinToken() } };
    case 'takeInvitation': {
      const browser = new BrowserOf(server.url);
      const token = await joinToken();
      return { body: { token, response: await browser.make(token) }, cookie: cookieOf(browser) };
    }
    case 'people':
      return { query };
    case 'invite':
      return { query, body: { name: 'Somebody New', role: 'installer' } };
    case 'withdrawInvitation':
      return { query, params: { id: (await invitation('join', owner, 'installer')).id } };
    case 'approveInvitation': {
      const { id } = await invitation('recovery', owner, 'support', { waits: true, whose: real });
      return { query, params: { id } };
    }
    case 'changeRole':
      return { query, params: { operator: real }, body: { role: 'installer', because } };
    case 'endPhone': {
      const { key } = await server.signIn(colleague, await makeOperatorKey());
      return { query, params: { operator: colleague, kid: key.kid }, body: { because } };
    }
    case 'endOwnPhone': {
      const kid =
        operator === undefined
          ? 'A'.repeat(43)
          : (await server.signIn(operator, await makeOperatorKey())).key.kid;
      return { params: { kid }, body: { because } };
    }
    case 'makeOrg':
      return { body: { name: `made-${++made}`, title: 'Made Here', administrator: 'Somebody New' } };
    case 'inviteAdministrator':
      return { params: { name: owner }, body: { name: 'Somebody New' } };
    case 'recoverPerson':
      return { params: { operator: real }, body: { because } };
    case 'approveRecovery':
    case 'withdrawRecovery': {
      // A newer recovery of one person would take the place of this one.
      const whose = `lost-${++made}`;
      await stores.people.savePerson({
        operator: whose,
        name: whose,
        about: '',
        demoRole: null,
        revokedAt: null,
      });
      await stores.people.saveMembership(whose, owner, 'support');
      return { params: { id: (await invitation('recovery', null, null, { waits: true, whose })).id } };
    }
    case 'changeInstallationAdministrator':
      return { params: { operator: real }, body: { isOne: true, because } };
  }
}

export function isAccountCall(name: ApiName): name is AccountCall {
  return (ACCOUNT_CALLS as readonly ApiName[]).includes(name);
}
