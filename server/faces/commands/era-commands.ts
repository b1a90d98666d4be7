import { toInstant } from '../../../core/instant.ts';
import { confirmRevived, judgeAgain } from '../../authority/ra/records/confirm-revived.ts';
import { phoneStates } from '../../phones/phones.ts';
import { clientName } from '../../ports/eras.ts';
import { type Command, type CommandCall, UsageError } from './command.ts';
import { actorFor, WHO } from './named-person.ts';

const TEXT = { type: 'string' } as const;
const MOST = 1000;

const isClient = (name: string) => name.startsWith(clientName(''));

/**
 * Who may say that a name of a copy still holds: the desk of its organisations, as for a revocation. In an organisation where
 * nobody has such a role, a home, it is anybody who is known here.
 */
async function answererFor(call: CommandCall, name: string): Promise<string> {
  const { people, clients } = call.installation.stores;
  const client = (await clients.clients()).find((one) => clientName(one.name) === name);
  // Everybody practises, so nobody speaks for others by that.
  const works = (await people.memberships(name)).filter(({ training }) => !training);
  const orgs = client === undefined ? works.map(({ org }) => org) : [client.org];
  const desks = new Set<string>();
  for (const { operator, revokedAt } of await people.people())
    for (const { org, role } of revokedAt === null ? await people.memberships(operator) : [])
      if (WHO.desk.some((one) => one === role)) desks.add(org);
  return actorFor(
    call,
    orgs.filter((org) => desks.has(org)),
    WHO.desk,
  );
}

/** Confirms whoever is named, or with --all everybody who waits and for whom the person may answer. */
async function confirm(
  call: CommandCall,
  isOne: (name: string) => boolean,
  toName: (word: string) => string,
): Promise<number> {
  const { installation, words, flag, required, print } = call;
  required('by');
  if (flag('all') === words.length > 0) throw new UsageError('name who is confirmed, or --all');
  const waiting = (await installation.stores.eras.allUnconfirmed()).filter(isOne);
  let confirmed = 0;
  for (const name of flag('all') ? waiting : words.map(toName)) {
    if (!waiting.includes(name)) continue;
    const by = await answererFor(call, name).catch((error: unknown) => {
      if (!flag('all') || !(error instanceof UsageError)) throw error;
      return undefined;
    });
    if (by === undefined) print('not confirmed', name, 'somebody of its own desk must answer');
    else {
      confirmed += (await confirmRevived([name], by, installation)).length;
      print('confirmed', name);
    }
  }
  if (confirmed === 0) print('nobody of them waits for it');
  return confirmed === 0 ? 1 : 0;
}

export const operatorConfirm: Command = {
  usage: 'operator confirm [NAME] [--all] --by PERSON',
  about:
    'after a copy was put back: this person still works here. Revoke first whoever left or lost a phone since the copy',
  options: { all: { type: 'boolean' }, by: TEXT },
  words: 0,
  optional: 1,
  run: (call) =>
    confirm(
      call,
      (name) => !isClient(name),
      (word) => word,
    ),
};

export const clientConfirm: Command = {
  usage: 'client confirm [NAME] [--all] --by PERSON',
  about: 'after a copy was put back: this machine client is still wanted',
  options: { all: { type: 'boolean' }, by: TEXT },
  words: 0,
  optional: 1,
  run: (call) => confirm(call, isClient, clientName),
};

export const restoreJudgeAgain: Command = {
  usage: 'restore judge-again --by PERSON',
  about:
    'after a copy was put back: judges again what was held for a list row or a domain that is here again',
  options: { by: TEXT },
  words: 0,
  async run(call) {
    const { installation, required, print } = call;
    required('by');
    const count = await judgeAgain(await actorFor(call, [], WHO.desk), installation);
    print(`${count} records are judged again`);
    return count === 0 ? 1 : 0;
  },
};

export const restoreReport: Command = {
  usage: 'restore report',
  about: 'after a copy was put back: what only the lost database knew, as far as phones and papers have told',
  options: {},
  words: 0,
  async run({ installation, print }) {
    const { stores, clock } = installation;
    const era = await stores.eras.current();
    if (era === undefined) {
      print('this database was never put back to a copy');
      return 1;
    }
    print('era', era.era, `since ${era.at}`, `the copy knows nothing after ${era.copyAt}`);
    for (const name of await stores.eras.allUnconfirmed()) print('unconfirmed', name);
    for (const { name, deadAt } of await stores.receivers.receivers())
      if (deadAt === era.at) print('receiver stopped', name, `events resume ${name}`);
    for (const { name } of await stores.orgs.orgs())
      for (const { kid, operatorName, missing } of await phoneStates(name, stores, clock.now()))
        if (missing.length > 0)
          print(
            ...['not sent again yet', name, operatorName, kid],
            missing.map(({ from, to }) => `${from}-${to}`).join(' '),
          );
    for (const code of [
      'operator_unconfirmed',
      'anchor_unknown',
      'revoked_before',
      'certified_before',
    ] as const) {
      const waiting = await stores.queue.heldBecause(code);
      if (waiting.length > 0) print('held', code, String(waiting.length));
    }
    const held = await stores.queue.heldBecause('unknown_since_copy');
    if (held.length > 0)
      print('held for what the copy does not know', String(held.length), 'restore judge-again');
    const now = toInstant(clock.now());
    for (const found of await stores.found.all(MOST)) {
      const { serial, issuer, udid, domain, revoked, notAfter } = found;
      if (found.der === null && revoked === null) continue;
      const state =
        revoked === null ? (notAfter <= now ? 'ended' : 'good') : `${revoked.reason} ${revoked.at}`;
      print('certificate without binding', issuer, serial, udid ?? '', domain ?? '', state);
    }
    return 0;
  },
};
