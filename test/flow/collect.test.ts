import { describe, expect, test } from 'vitest';
import { COLLECT_START, type CollectEvent, type CollectState, collect } from '../../src/flow/collect.ts';
import { bundle, COLLECT_EVENTS as EVENTS, part, COLLECT_STATES as STATES, trouble } from './events.ts';

const EXPECTED: Record<CollectState['at'], Partial<Record<CollectEvent['on'], string>>> = {
  pair: {
    link_chosen: 'connecting connect',
    failed: 'pair! stop_device_work',
    back: 'pair stop_device_work',
  },
  connecting: {
    connected: 'checking check_certificate',
    failed: 'pair! stop_device_work',
    back: 'pair stop_device_work',
  },
  checking: { approved: 'writing write', failed: 'pair! stop_device_work', back: 'pair stop_device_work' },
  writing: {
    part_written: 'writing',
    written: 'confirming confirm',
    failed: 'pair! stop_device_work',
    back: 'pair stop_device_work',
  },
  confirming: { confirmed: 'done stop_device_work', failed: 'confirming!' },
  done: {},
};

function summaryOf(from: CollectState, event: CollectEvent): string | undefined {
  const { state, effects } = collect(from, event);
  if (state === from && effects.length === 0) return undefined;
  const mark = 'trouble' in state && state.trouble !== undefined ? '!' : '';
  return [state.at + mark, ...effects.map((effect) => effect.do)].join(' ');
}

describe.each(Object.values(STATES))('from $at', (state) => {
  test.each(Object.values(EVENTS))('$on', (event) => {
    expect(summaryOf(state, event)).toBe(EXPECTED[state.at][event.on]);
  });
});

test('the whole way writes what was approved and confirms what was written', () => {
  const { link_chosen, connected, approved, part_written, written, confirmed } = EVENTS;
  let state = COLLECT_START;
  const effects = [link_chosen, connected, approved, part_written, written, confirmed].flatMap((event) => {
    const step = collect(state, event);
    state = step.state;
    return step.effects;
  });
  expect(state).toEqual({ at: 'done', written: [part] });
  expect(effects).toEqual([
    { do: 'connect', link: 'serial' },
    { do: 'check_certificate' },
    { do: 'write', bundle },
    { do: 'confirm', written: [part] },
    { do: 'stop_device_work' },
  ]);
});

test('parts show one after another while they are written', () => {
  const one = collect(STATES.writing, EVENTS.part_written).state;
  expect(collect(one, EVENTS.part_written).state).toEqual({
    at: 'writing',
    link: 'serial',
    written: [part, part],
  });
});

test('a confirmation that could not be saved can be saved again, and never while one is under way', () => {
  expect(collect(STATES.confirming, EVENTS.confirm_again).effects).toEqual([]);
  const faulty = collect(STATES.confirming, EVENTS.failed).state;
  expect(faulty).toEqual({ at: 'confirming', written: [part], trouble });
  const again = collect(faulty, EVENTS.confirm_again);
  expect(again).toEqual({
    state: { at: 'confirming', written: [part] },
    effects: [{ do: 'confirm', written: [part] }],
  });
  expect(collect(again.state, EVENTS.confirm_again).effects).toEqual([]);
});

test.each(['connecting', 'checking', 'writing'] as const)(
  'a fault while %s lets one pair again, and nothing is written without a new check',
  (at) => {
    const { state } = collect(STATES[at], EVENTS.failed);
    expect(state).toEqual({ at: 'pair', link: 'serial', trouble });
    expect(collect(state, EVENTS.approved).effects).toEqual([]);
    expect(collect(state, EVENTS.link_chosen).state).toEqual({ at: 'connecting', link: 'serial' });
  },
);
