import { createClient, revokeClient } from '../../organisations/clients.ts';
import { CLIENT_RIGHTS, type ClientRight } from '../../ports/clients.ts';
import { type Command, UsageError } from './command.ts';
import { actorFor, WHO } from './named-person.ts';

const TEXT = { type: 'string' } as const;

function rightsFrom(text: string): ClientRight[] {
  const names = text.split(',').map((word) => word.trim());
  const rights = CLIENT_RIGHTS.filter((right) => names.includes(right));
  if (rights.length !== new Set(names).size)
    throw new UsageError(`--rights are some of ${CLIENT_RIGHTS.join(', ')}, with commas between`);
  return rights;
}

export const clientCreate: Command = {
  usage: 'client create NAME --org ORG --rights RIGHTS [--by PERSON]',
  about: 'a machine client that may only suspend, revoke or transfer; prints its token this once',
  options: { org: TEXT, rights: TEXT, by: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const by = await actorFor(call, [required('org')], WHO.desk);
    const rights = rightsFrom(required('rights'));
    const created = await createClient(
      { name: words[0] ?? '', org: required('org'), rights, by },
      installation,
    );
    print(created.ok ? created.token : `refused: ${created.why}`);
    return created.ok ? 0 : 1;
  },
};

export const clientList: Command = {
  usage: 'client list',
  about: 'machine clients, and what each may do',
  options: {},
  words: 0,
  async run({ installation, print }) {
    for (const { name, org, rights, revokedAt } of await installation.stores.clients.clients())
      print(name, org, rights.join(','), revokedAt === null ? '' : `revoked ${revokedAt}`);
    return 0;
  },
};

export const clientRevoke: Command = {
  usage: 'client revoke NAME [--by PERSON]',
  about: 'ends a machine client at once',
  options: { by: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, print } = call;
    const name = words[0] ?? '';
    const client = (await installation.stores.clients.clients()).find((one) => one.name === name);
    const by = await actorFor(call, client === undefined ? [] : [client.org], WHO.desk);
    const done = await revokeClient(name, by, installation);
    print(done ? 'revoked' : 'there is no such client');
    return done ? 0 : 1;
  },
};
