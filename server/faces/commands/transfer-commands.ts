import { decideTransfer } from '../../authority/ra/custody/decide-transfer.ts';
import { decider } from '../../authority/ra/records/decider.ts';
import { type Command, UsageError } from './command.ts';
import { wordOf } from './named-person.ts';

const TEXT = { type: 'string' } as const;

const SAID: Partial<Record<Awaited<ReturnType<typeof decideTransfer>>, string>> = {
  offered: 'offered: a second person signs in and says the same at the desk, or over the API',
  sign_in_needed:
    'it was offered already, and two eyes are two sign-ins: the second person signs in and gives it up at the desk, or over the API',
};

export const transferList: Command = {
  usage: 'transfer list',
  about: 'open claims on devices that are bound to another organisation',
  options: {},
  words: 0,
  async run({ installation, print }) {
    for (const { id, claimant, binding, record, openedAt } of await installation.stores.transfers.openCases())
      print(id, openedAt, claimant, `record ${record}`, `binding ${binding}`);
    return 0;
  },
};

export const transferDecide: Command = {
  usage: 'transfer decide CASE --decision DECISION --by PERSON --because TEXT',
  about: 'give-up (the first of two persons; the second signs in) or refuse, for the owner of the device',
  options: { decision: TEXT, by: TEXT, because: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, print } = call;
    const asked = required('decision');
    if (asked !== 'give-up' && asked !== 'refuse')
      throw new UsageError('--decision is one of give-up, refuse');
    const { stores } = installation;
    const id = words[0] ?? '';
    const transfer = await stores.transfers.open(id);
    const org = transfer && (await stores.bindings.binding(transfer.binding))?.org;
    if (org === undefined) {
      print('there is no such open case');
      return 1;
    }
    const word = await wordOf(call, [org]);
    const decisions = decider({
      ...installation,
      onStep: () => undefined,
      onFault: (error) => print(error instanceof Error ? error.message : String(error)),
    });
    const decision = asked === 'give-up' ? 'give_up' : 'refuse';
    const result = await decideTransfer(
      { ...word, id, org, decision },
      { ...installation, decider: decisions },
    );
    print(SAID[result] ?? result);
    return result === 'offered' || result === 'given_up' || result === 'refused' ? 0 : 1;
  },
};
