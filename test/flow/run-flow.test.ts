import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COLLECT_START, type CollectEffect, type CollectEvent, collect } from '../../src/flow/collect.ts';
import { INSTALL_START, type InstallEffect, type InstallEvent, install } from '../../src/flow/install.ts';
import { startFlow, type Transition } from '../../src/flow/run-flow.ts';
import { COLLECT_EVENTS, INSTALL_EVENTS, trouble } from './events.ts';

interface Asked<Effect, Event> {
  readonly effect: Effect;
  readonly answer: (event: Event) => void;
}

test('a tap reaches its effect in the same turn, and the state is there first', () => {
  const order: string[] = [];
  const flow = startFlow(
    INSTALL_START,
    install,
    (state) => order.push(state.at),
    (effect) => order.push(effect.do),
  );
  flow.send(INSTALL_EVENTS.label_text);
  expect(order).toEqual(['looking_up', 'look_up']);
  expect(flow.state().at).toBe('looking_up');
});

test('an effect may answer more than once while its step lasts', () => {
  const asked: Asked<CollectEffect, CollectEvent>[] = [];
  const flow = startFlow(
    { at: 'checking' } as ReturnType<typeof collect>['state'],
    collect,
    () => undefined,
    (effect, answer) => asked.push({ effect, answer }),
  );
  flow.send(COLLECT_EVENTS.approved);
  asked[0]?.answer(COLLECT_EVENTS.part_written);
  asked[0]?.answer(COLLECT_EVENTS.part_written);
  asked[0]?.answer(COLLECT_EVENTS.written);
  expect(asked.map(({ effect }) => effect.do)).toEqual(['write', 'confirm']);
  expect(flow.state().at).toBe('confirming');
});

test('a label looked up late never takes the place of the one scanned since', () => {
  const asked: Asked<InstallEffect, InstallEvent>[] = [];
  const flow = startFlow(
    INSTALL_START,
    install,
    () => undefined,
    (effect, answer) => asked.push({ effect, answer }),
  );
  flow.send(INSTALL_EVENTS.label_text);
  flow.send(INSTALL_EVENTS.back);
  flow.send({ ...INSTALL_EVENTS.label_text, text: 'second' });
  const [first, , second] = asked;
  first?.answer({ on: 'label_read', label: { ...INSTALL_EVENTS.label_read.label, udid: 'first' } });
  expect(flow.state().at).toBe('looking_up');
  second?.answer({ on: 'label_read', label: { ...INSTALL_EVENTS.label_read.label, udid: 'second' } });
  expect(flow.state()).toMatchObject({ at: 'pair', label: { udid: 'second' } });
});

test('the abort of a pairing that was given up does not end the one begun since', () => {
  const asked: Asked<InstallEffect, InstallEvent>[] = [];
  const flow = startFlow(
    { at: 'pair', label: INSTALL_EVENTS.label_read.label } as ReturnType<typeof install>['state'],
    install,
    () => undefined,
    (effect, answer) => asked.push({ effect, answer }),
  );
  flow.send(INSTALL_EVENTS.link_chosen);
  flow.send(INSTALL_EVENTS.back);
  flow.send(INSTALL_EVENTS.link_chosen);
  asked[0]?.answer({ on: 'failed', trouble: { code: 'aborted' } });
  expect(flow.state()).toMatchObject({ at: 'connecting' });
  expect(asked.map(({ effect }) => effect.do)).toEqual(['connect', 'stop_device_work', 'connect']);
});

/**
 * People tap anything, effects answer whenever they like, in whatever order, also long after they were given up. The
 * model knows which effect is the newest; every other's answer must change nothing.
 */
async function lateAnswersChangeNothing<State extends { readonly at: string }, Event, Effect>(
  start: State,
  transition: Transition<State, Event, Effect>,
  taps: readonly Event[],
  answers: readonly Event[],
): Promise<void> {
  const step = fc.oneof(
    fc.record({ tap: fc.constantFrom(...taps) }),
    fc.record({ answer: fc.constantFrom(...answers), by: fc.nat(40) }),
  );
  let dropped = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 60 }), (steps) => {
      const asked: Asked<Effect, Event>[] = [];
      let seen = 0;
      const flow = startFlow(
        start,
        transition,
        () => seen++,
        (effect, answer) => asked.push({ effect, answer }),
      );
      for (const act of steps) {
        const before = { state: flow.state(), asked: asked.length, seen };
        if ('tap' in act) {
          flow.send(act.tap);
          continue;
        }
        const by = asked.length === 0 ? -1 : act.by % asked.length;
        asked[by]?.answer(act.answer);
        if (by === before.asked - 1) continue;
        dropped++;
        expect({ state: flow.state(), asked: asked.length, seen }).toEqual(before);
      }
    }),
    { numRuns: 2000 },
  );
  expect(dropped).toBeGreaterThan(1000);
}

test('install: late answers of abandoned steps change nothing', async () => {
  const { label_text, link_chosen, go_on, submit_as_found, placed, back, ...answers } = INSTALL_EVENTS;
  const taps = [label_text, link_chosen, go_on, submit_as_found, placed, back];
  await lateAnswersChangeNothing(INSTALL_START, install, taps, Object.values(answers));
});

test('collect: late answers of abandoned steps change nothing', async () => {
  const { link_chosen, confirm_again, back, ...answers } = COLLECT_EVENTS;
  const aborted: CollectEvent = { on: 'failed', trouble };
  const taps = [link_chosen, confirm_again, back];
  await lateAnswersChangeNothing(COLLECT_START, collect, taps, [...Object.values(answers), aborted]);
});
