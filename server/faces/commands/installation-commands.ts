import { endStatementKey } from '../../trail/end-statement-key.ts';
import { isKey } from '../../trail/statement-keys.ts';
import type { Command, CommandCall } from './command.ts';
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
    const by = await administrator(call);
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

export const rescueKeyList: Command = {
  usage: 'rescue-key list',
  about: 'keys that open rescue files; phones seal to the last',
  options: {},
  words: 0,
  async run({ installation, print }) {
    for (const { n, kid, from } of await installation.rescueKeys.list()) print(`${n}\t${from}\t${kid}`);
    return 0;
  },
};

export const rescueKeyRotate: Command = {
  usage: 'rescue-key rotate [--by PERSON]',
  about: 'a new key that phones seal rescue files to; the ones before go on opening older files',
  options: { by: TEXT },
  words: 0,
  async run(call) {
    const { n, kid } = await call.installation.rescueKeys.rotate(await administrator(call));
    call.print(`rescue key ${n} is ${kid}: keep a copy of its file with the other keys`);
    return 0;
  },
};

export const rescueKeyEnd: Command = {
  usage: 'rescue-key end N [--by PERSON]',
  about: 'removes that key and those before it: rescue files sealed to them are unreadable from then on',
  options: { by: TEXT },
  words: 1,
  async run(call) {
    const n = Number(call.words[0]);
    const done = await call.installation.rescueKeys.end(n, await administrator(call));
    call.print(done ? 'removed' : 'there is no such key before the newest (see: rescue-key list)');
    return done ? 0 : 1;
  },
};

/** The actor of what concerns the whole installation: an administrator of one of its real organisations. */
async function administrator(call: CommandCall): Promise<string> {
  const orgs = (await call.installation.stores.orgs.orgs()).filter(({ training }) => !training);
  return actorFor(
    call,
    orgs.map(({ name }) => name),
    WHO.administration,
  );
}
