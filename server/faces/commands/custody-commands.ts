import { ROLES } from '../../../contract/roles.ts';
import { changeInstallationAdministrator, recoverAtServer } from '../../accounts/installation-wide.ts';
import { endSessionsOf } from '../../accounts/sessions.ts';
import { createDomain } from '../../organisations/create-domain.ts';
import { createOrg } from '../../organisations/create-org.ts';
import { join, leave, type MembershipFault } from '../../organisations/membership.ts';
import { revokeOperator } from '../../organisations/revoke-operator.ts';
import { readCurve } from './ca-commands.ts';
import { type Command, UsageError } from './command.ts';
import { actorFor, WHO } from './named-person.ts';

const TEXT = { type: 'string' } as const;

export const orgCreate: Command = {
  usage: 'org create NAME --title TEXT [--training] [--curve CURVE]',
  about: 'an organisation with an issuing CA of its own',
  options: { title: TEXT, training: { type: 'boolean' }, curve: TEXT },
  begins: true,
  words: 1,
  async run(call) {
    const { installation, words, required, flag, print } = call;
    const name = words[0] ?? '';
    const result = await createOrg(
      { name, title: required('title'), training: flag('training'), curve: readCurve(call) },
      installation,
    );
    print(
      result === 'made'
        ? `created ${name}`
        : result === 'there'
          ? `${name} is there`
          : 'this name is not allowed',
    );
    return result === 'name_not_allowed' ? 1 : 0;
  },
};

export const domainCreate: Command = {
  usage: 'domain create NAME --org ORG [--title TEXT]',
  about: 'an operational domain, under our own suffix or proved over DNS',
  options: { org: TEXT, title: TEXT },
  words: 1,
  async run({ installation, words, required, text, print }) {
    const name = words[0] ?? '';
    if (!(await installation.ceremonies.mayHoldDomain(required('org'), name))) {
      print(
        'refused: the certificates above the issuing CA do not let devices of this domain be named (name constraints)',
      );
      return 1;
    }
    const result = await createDomain(
      { name, org: required('org'), title: text('title') ?? name },
      installation,
    );
    if (result.ok) {
      print(`${result.created ? 'created' : 'updated'} ${result.name}`);
      return 0;
    }
    if (result.code === 'proof_missing') {
      print(`proof_missing: set this TXT record, wait until it can be seen, and run the command again`);
      print(`${result.at}. TXT "${result.text}"`);
    } else print(`refused: ${result.code}`);
    return 1;
  },
};

export const domainList: Command = {
  usage: 'domain list',
  about: 'every domain and whose it is',
  options: {},
  words: 0,
  async run({ installation, print }) {
    for (const { name, org, title } of await installation.stores.domains.domains()) print(name, org, title);
    return 0;
  },
};

export const peopleList: Command = {
  usage: 'people',
  about: 'operators, their organisations and roles',
  options: {},
  words: 0,
  async run({ installation, print }) {
    for (const { operator, name, revokedAt } of await installation.stores.people.people()) {
      const in_ = await installation.stores.people.memberships(operator);
      const orgs = in_.map(({ org, role }) => `${org}:${role}`).join(' ');
      print(operator, name, orgs, revokedAt === null ? '' : `revoked ${revokedAt}`);
    }
    return 0;
  },
};

const MEMBERSHIP: Record<MembershipFault, string> = {
  person_unknown: 'there is no such person',
  person_revoked:
    'this person was revoked, for good and everywhere: whoever works again signs in as another person',
  org_unknown: 'there is no such organisation',
  no_member: 'this person is no member there',
  last_administrator:
    'this is the last administrator there: make somebody else administrator first (operator join)',
  installation_administrator:
    'this person answers for the whole installation and would belong nowhere: end that first (operator installation --end)',
};

export const operatorJoin: Command = {
  usage: 'operator join NAME --org ORG --role ROLE [--by PERSON]',
  about: 'makes a person a member of an organisation, or changes their role there',
  options: { org: TEXT, role: TEXT, by: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const role = ROLES.find((one) => one === required('role'));
    if (role === undefined) throw new UsageError(`--role is one of ${ROLES.join(', ')}`);
    const [operator, org] = [words[0] ?? '', required('org')];
    const by = await actorFor(call, [org], WHO.administration);
    const result = await join({ operator, org, role, by }, installation);
    print(result === 'done' ? `${operator} is ${role} in ${org}` : MEMBERSHIP[result]);
    return result === 'done' ? 0 : 1;
  },
};

export const operatorLeave: Command = {
  usage: 'operator leave NAME --org ORG [--by PERSON]',
  about: 'ends what a person is in one organisation, at once; the rest stays',
  options: { org: TEXT, by: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const [operator, org] = [words[0] ?? '', required('org')];
    const by = await actorFor(call, [org], WHO.administration);
    const result = await leave({ operator, org, by }, installation);
    print(result === 'done' ? `${operator} has left ${org}` : MEMBERSHIP[result]);
    return result === 'done' ? 0 : 1;
  },
};

export const operatorSignOut: Command = {
  usage: 'operator sign-out NAME --by PERSON --because TEXT',
  about: "ends a person's sessions on all browsers; they may sign in again, and keys stay",
  options: { by: TEXT, because: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const [operator, because] = [words[0] ?? '', required('because')];
    required('by');
    const memberships = await installation.stores.people.memberships(operator);
    const by = await actorFor(
      call,
      memberships.map(({ org }) => org),
      WHO.administration,
    );
    const ended = await endSessionsOf({ operator, org: null, by, because }, installation);
    print(ended === undefined ? 'there is no such person' : `${ended} sessions ended`);
    return ended === undefined ? 1 : 0;
  },
};

export const operatorRevoke: Command = {
  usage: 'operator revoke NAME --by PERSON',
  about: "ends a person's sessions and operator keys from this moment on, everywhere",
  options: { by: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const operator = words[0] ?? '';
    required('by');
    const memberships = await installation.stores.people.memberships(operator);
    const by = await actorFor(
      call,
      memberships.map(({ org }) => org),
      WHO.desk,
    );
    const { found, keys } = await revokeOperator(operator, by, installation);
    print(found ? `revoked, with ${keys} operator keys` : 'there is no such person');
    return found ? 0 : 1;
  },
};

export const operatorRecover: Command = {
  usage: 'operator recover NAME --by PERSON --because TEXT',
  about: 'a link for a person who lost all passkeys and whom nobody else may invite anew',
  options: { by: TEXT, because: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const [operator, because] = [words[0] ?? '', required('because')];
    required('by');
    const orgs = (await installation.stores.people.memberships(operator)).map(({ org }) => org);
    const by =
      orgs.length === 0 ? await installationActor(call) : await actorFor(call, orgs, WHO.administration);
    // Whoever has a shell on the server is no browser's second pair of eyes: the trail says who and why.
    const made = await recoverAtServer({ operator, by, because }, installation);
    if (made === undefined) {
      print('there is no such person, or the person was revoked, or is a demo person');
      return 1;
    }
    print(`good once, until ${made.expiresAt}; the passkeys that there are end when it is used:`);
    print(made.link);
    return 0;
  },
};

/** Whoever answers for the whole installation, where there is anybody who does. Throws UsageError. */
async function installationActor(call: Parameters<Command['run']>[0]): Promise<string> {
  const { installation, text } = call;
  const all = await installation.stores.installationAdministrators.all();
  if (all.length > 0 && !all.includes(text('by') ?? ''))
    throw new UsageError(`--by names an installation administrator: ${all.join(', ')}`);
  return actorFor(call, [], WHO.administration);
}

export const operatorInstallation: Command = {
  usage: 'operator installation NAME [--end] --by PERSON --because TEXT',
  about: 'makes a person an installation administrator, or one no longer (--end)',
  options: { end: { type: 'boolean' }, by: TEXT, because: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, flag, print } = call;
    const operator = words[0] ?? '';
    required('by');
    const by = await installationActor(call);
    const change = { operator, isOne: !flag('end'), by, because: required('because') };
    const result = await changeInstallationAdministrator(change, installation);
    print(
      result === 'done'
        ? `${operator} is ${flag('end') ? 'no longer an' : 'an'} installation administrator`
        : result === 'not_found'
          ? MEMBERSHIP.person_unknown
          : 'this is the last installation administrator: make somebody else one first',
    );
    return result === 'done' ? 0 : 1;
  },
};
