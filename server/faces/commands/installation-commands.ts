import { endStatementKey } from '../../trail/end-statement-key.ts';
import { isKey } from '../../trail/statement-keys.ts';
import type { Command } from './command.ts';
import { actorFor, WHO } from './named-person.ts';

const TEXT = { type: 'string' } as const;

export const statementKeyRotate: Command = {
  usage: 'statement-key rotate',
  about: 'a new key for receipts, credentials and packs, vouched for by the one before',
  options: {},
  words: 0,
  async run({ installation, print }) {
    print(`statement key ${await installation.statementKeys.rotate()}`);
    return 0;
  },
};

export const statementKeyList: Command = {
  usage: 'statement-key list',
  about: 'statement keys, the newest last, since when each signs and when it ended',
  options: {},
  words: 0,
  async run({ installation, print }) {
    const { statements } = installation.stores;
    const ends = new Map((await statements.ends()).map(({ kid, at }) => [kid, at]));
    const rows = await statements.keys();
    const newest = rows.findLast(isKey)?.kid;
    for (const row of rows) {
      const end = ends.get(row.kid);
      const state = !isKey(row)
        ? 'no key: an organisation has its name'
        : end !== undefined
          ? `ended ${end}`
          : row.kid === newest
            ? 'signs'
            : 'believed';
      print(`${row.kid}\t${row.from}\t${state}`);
    }
    return 0;
  },
};

export const statementKeyEnd: Command = {
  usage: 'statement-key end KID --because TEXT [--by PERSON]',
  about:
    'ends a key that was stolen or is not needed: what it signed counts only with its place in the sealed trail',
  options: { because: TEXT, by: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const orgs = (await installation.stores.orgs.orgs()).filter(({ training }) => !training);
    const by = await actorFor(
      call,
      orgs.map(({ name }) => name),
      WHO.administration,
    );
    const because = required('because').trim().slice(0, 300);
    const result = await endStatementKey(words[0] ?? '', { by, because }, installation);
    if (!result.ok) {
      print(
        result.why === 'ended'
          ? 'it has ended already'
          : 'there is no such statement key (see: statement-key list)',
      );
      return 1;
    }
    print(`ended at seal ${result.seal}; ${result.successor} signs`);
    print('Phones learn of it when they next prepare, or send: let them be opened where there is signal.');
    return 0;
  },
};

export const clockConfirm: Command = {
  usage: 'clock confirm',
  about: 'takes the clock of this machine as right, where a server does not believe it',
  options: {},
  words: 0,
  async run({ installation, print }) {
    const at = await installation.confirmClock();
    print(
      at === undefined
        ? 'the clock is not doubted'
        : `it is ${at} by this clock, and that is believed from now on`,
    );
    return 0;
  },
};
