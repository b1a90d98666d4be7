import { randomUUID } from 'node:crypto';
import { toInstant } from '../../../core/instant.ts';
import { deliveries } from '../../outside/events/deliveries.ts';
import {
  addReceiver,
  type ReceiverFault,
  removeReceiver,
  resumeReceiver,
} from '../../outside/events/receivers.ts';
import { eventStatement } from '../../outside/events/statement.ts';
import { EVENT_KINDS, type EventKind } from '../../ports/events.ts';
import { type Command, UsageError } from './command.ts';
import { actorFor, WHO } from './named-person.ts';

const TEXT = { type: 'string' } as const;
const MOST_COUNTED = 100_000;

const WHY: Record<ReceiverFault, string> = {
  name_not_allowed: 'a name begins with a letter and holds a-z, 0-9 and hyphens',
  name_taken: 'there is a receiver of this name',
  org_unknown: 'there is no such organisation',
  address_not_allowed: 'an address is https:// or mqtts:// without name and password in it',
  topic_not_allowed: 'a topic holds no + or #, and goes with mqtts:// only',
};

const NO_SUCH = 'there is no such receiver';

function kindsFrom(words: string | undefined): EventKind[] {
  if (words === undefined) return [...EVENT_KINDS];
  const asked = new Set(words.split(',').map((word) => word.trim()));
  const kinds = EVENT_KINDS.filter((kind) => asked.has(kind));
  if (kinds.length !== asked.size)
    throw new UsageError(`--kinds are some of ${EVENT_KINDS.join(', ')}, with commas between`);
  return kinds;
}

export const eventsAdd: Command = {
  usage: 'events add NAME --org ORG --to ADDRESS [--topic TOPIC] [--kinds KINDS] [--by PERSON]',
  about: 'tells a webhook (https://) or a broker (mqtts://) what happens to devices from now on',
  options: { org: TEXT, to: TEXT, topic: TEXT, kinds: TEXT, by: TEXT },
  words: 1,
  async run(call) {
    const { installation, words, required, text, print } = call;
    const fault = await addReceiver(
      {
        name: words[0] ?? '',
        org: required('org'),
        target: required('to'),
        topic: text('topic'),
        kinds: kindsFrom(text('kinds')),
        by: await actorFor(call, [required('org')], WHO.desk),
      },
      installation,
    );
    print(fault === undefined ? 'added; try it with "events test"' : WHY[fault]);
    return fault === undefined ? 0 : 1;
  },
};

export const eventsList: Command = {
  usage: 'events list',
  about: 'receivers of events: how far each has come, and what hinders it',
  options: {},
  words: 0,
  async run({ installation: { stores }, print }) {
    for (const receiver of await stores.receivers.receivers()) {
      const { name, org, target, topic, fault, failingSince, deadAt, nextAt } = receiver;
      const waiting = await stores.events.waiting(org, receiver.told, MOST_COUNTED);
      const refused = await stores.receivers.refusals(name);
      const state =
        deadAt !== null
          ? `given up ${deadAt}: ${fault}`
          : failingSince !== null
            ? `failing since ${failingSince}: ${fault}, next try ${nextAt}`
            : 'well';
      const where = topic === null ? target : `${target} ${topic}`;
      print(name, org, where, `${waiting} waiting`, `${refused} not taken`, state);
    }
    return 0;
  },
};

export const eventsRemove = onOne(
  { usage: 'events remove NAME [--by PERSON]', about: 'tells it nothing any more' },
  'removed',
  removeReceiver,
);

export const eventsResume = onOne(
  {
    usage: 'events resume NAME [--by PERSON]',
    about: 'tries one that was given up again, from where it stopped',
  },
  'resumed',
  resumeReceiver,
);

function onOne(words: Pick<Command, 'usage' | 'about'>, done: string, run: typeof removeReceiver): Command {
  return {
    ...words,
    options: { by: TEXT },
    words: 1,
    async run(call) {
      const name = call.words[0] ?? '';
      const receiver = await call.installation.stores.receivers.receiver(name);
      const by = await actorFor(call, receiver === undefined ? [] : [receiver.org], WHO.desk);
      const found = await run(name, by, call.installation);
      call.print(found ? done : NO_SUCH);
      return found ? 0 : 1;
    },
  };
}

export const eventsTest: Command = {
  usage: 'events test NAME',
  about: 'sends it one event of the kind "test" now, from here',
  options: {},
  words: 1,
  async run({ installation, config, words, print }) {
    const receiver = await installation.stores.receivers.receiver(words[0] ?? '');
    if (receiver === undefined) {
      print(NO_SUCH);
      return 1;
    }
    const now = installation.clock.now();
    const event = { kind: 'test', at: toInstant(now) } as const;
    const jws = await eventStatement(receiver, { id: randomUUID(), event }, now, installation);
    const way = deliveries(config.events);
    const done = await way.deliver(receiver, { kind: 'test', jws });
    await way.leave(receiver);
    print(done.ok ? 'taken' : `not taken: ${done.fault}`);
    return done.ok ? 0 : 1;
  },
};
