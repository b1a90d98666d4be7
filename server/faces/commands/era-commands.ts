import { toInstant } from '../../../core/instant.ts';
import { confirmRevived, judgeAgain } from '../../authority/ra/records/confirm-revived.ts';
import { phoneStates } from '../../phones/phones.ts';
import { clientName } from '../../ports/eras.ts';
import { type Command, type CommandCall, UsageError } from './command.ts';

const TEXT = { type: 'string' } as const;
const MOST = 1000;

/** Whoever is named, or with --all everybody who waits. */
async function named(
  { installation, words, flag }: CommandCall,
  isOne: (name: string) => boolean,
  toName: (word: string) => string,
): Promise<readonly string[]> {
  if (flag('all') === words.length > 0) throw new UsageError('name who is confirmed, or --all');
  const waiting = (await installation.stores.eras.allUnconfirmed()).filter(isOne);
  return flag('all') ? waiting : words.map(toName);
}

const isClient = (name: string) => name.startsWith(clientName(''));

async function confirm(
  call: CommandCall,
  isOne: (name: string) => boolean,
  toName: (word: string) => string,
): Promise<number> {
  const { installation, required, print } = call;
  const by = `command line (${required('by')})`;
  const confirmed = await confirmRevived(await named(call, isOne, toName), by, installation);
  for (const name of confirmed) print(`confirmed ${name}`);
  if (confirmed.length === 0) print('nobody of them waits for it');
  return confirmed.length === 0 ? 1 : 0;
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
  async run({ installation, required, print }) {
    const count = await judgeAgain(`command line (${required('by')})`, installation);
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
    print(`era\t${era.era}\tsince ${era.at}\tthe copy knows nothing after ${era.copyAt}`);
    for (const name of await stores.eras.allUnconfirmed()) print(`unconfirmed\t${name}`);
    for (const { name, deadAt } of await stores.receivers.receivers())
      if (deadAt === era.at) print(`receiver stopped\t${name}\tevents resume ${name}`);
    for (const { name } of await stores.orgs.orgs())
      for (const { kid, operatorName, missing } of await phoneStates(name, stores, clock.now()))
        if (missing.length > 0)
          print(
            `not sent again yet\t${name}\t${operatorName}\t${kid}\t${missing.map(({ from, to }) => `${from}-${to}`).join(' ')}`,
          );
    const held = await stores.queue.heldBecause('unknown_since_copy');
    if (held.length > 0) print(`held for what the copy does not know\t${held.length}\trestore judge-again`);
    const now = toInstant(clock.now());
    for (const found of await stores.found.all(MOST)) {
      const { serial, issuer, udid, domain, revoked, notAfter } = found;
      if (found.der === null && revoked === null) continue;
      const state =
        revoked === null ? (notAfter <= now ? 'ended' : 'good') : `${revoked.reason} ${revoked.at}`;
      print(`certificate without binding\t${issuer}\t${serial}\t${udid ?? ''}\t${domain ?? ''}\t${state}`);
    }
    return 0;
  },
};
