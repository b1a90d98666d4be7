import { ROLES } from '../../../contract/operator.ts';
import { createDomain } from '../../organisations/create-domain.ts';
import { createOrg } from '../../organisations/create-org.ts';
import { revokeOperator } from '../../organisations/revoke-operator.ts';
import { readCurve } from './ca-commands.ts';
import { type Command, UsageError } from './command.ts';

const TEXT = { type: 'string' } as const;

export const orgCreate: Command = {
  usage: 'org create NAME --title TEXT [--training] [--curve CURVE]',
  about: 'an organisation with an issuing CA of its own',
  options: { title: TEXT, training: { type: 'boolean' }, curve: TEXT },
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

export const operatorJoin: Command = {
  usage: 'operator join NAME --org ORG --role ROLE',
  about: 'makes a person a member of an organisation, or changes their role there',
  options: { org: TEXT, role: TEXT },
  words: 1,
  async run({ installation, words, required, print }) {
    const { people, orgs } = installation.stores;
    const role = ROLES.find((one) => one === required('role'));
    if (role === undefined) throw new UsageError(`--role is one of ${ROLES.join(', ')}`);
    const person = await people.person(words[0] ?? '');
    const org = await orgs.org(required('org'));
    if (person === undefined || org === undefined) {
      print(person === undefined ? 'there is no such person' : 'there is no such organisation');
      return 1;
    }
    await people.saveMembership(person.operator, org.name, role);
    print(`${person.operator} is ${role} in ${org.name}`);
    return 0;
  },
};

export const operatorRevoke: Command = {
  usage: 'operator revoke NAME --by PERSON',
  about: "ends a person's sessions and operator keys from this moment on",
  options: { by: TEXT },
  words: 1,
  async run({ installation, words, required, print }) {
    const { found, keys } = await revokeOperator(words[0] ?? '', required('by'), installation);
    print(found ? `revoked, with ${keys} operator keys` : 'there is no such person');
    return found ? 0 : 1;
  },
};
