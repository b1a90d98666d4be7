import { describe, expect, test } from 'vitest';
import {
  hasFailed,
  INSTALL_START,
  type InstallEvent,
  type InstallState,
  install,
  resumable,
} from '../../src/flow/install.ts';
import {
  checked,
  doubtful,
  INSTALL_EVENTS as EVENTS,
  failed,
  known,
  label,
  place,
  reading,
  INSTALL_STATES as STATES,
  trouble,
} from './events.ts';

/** Where each event leads from each state, with what is done for it. A pair that is not here changes nothing. */
const EXPECTED: Record<InstallState['at'], Partial<Record<InstallEvent['on'], string>>> = {
  scan: {
    label_text: 'looking_up look_up',
    failed: 'scan!',
    back: 'scan stop_device_work',
  },
  looking_up: { label_read: 'pair', failed: 'scan!', back: 'scan stop_device_work' },
  known: { wished: 'pair', failed: 'known!', back: 'scan stop_device_work' },
  pair: {
    label_text: 'looking_up look_up',
    link_chosen: 'connecting connect',
    failed: 'pair!',
    next: 'scan stop_device_work',
    back: 'scan stop_device_work',
  },
  connecting: {
    connected: 'found',
    failed: 'pair! stop_device_work',
    back: 'pair stop_device_work',
  },
  found: {
    read: 'reading read_device',
    set_up_wifi: 'wifi',
    failed: 'pair! stop_device_work',
    back: 'pair stop_device_work',
  },
  wifi: { failed: 'pair! stop_device_work', back: 'found' },
  reading: { device_read: 'checking check', failed: 'pair! stop_device_work', back: 'pair stop_device_work' },
  checking: { checked: 'checked', failed: 'pair! stop_device_work', back: 'pair stop_device_work' },
  checked: {
    go_on: 'place',
    failed: 'checked!',
    next: 'scan stop_device_work',
    back: 'pair stop_device_work',
  },
  place: { placing: 'place', placed: 'saving save', failed: 'place!', back: 'checked' },
  saving: { checked: 'saving save', saved: 'saved', failed: 'place!' },
  saved: { failed: 'saved!', next: 'scan stop_device_work' },
};

function summaryOf(from: InstallState, event: InstallEvent): string | undefined {
  const { state, effects } = install(from, event);
  if (state === from && effects.length === 0) return undefined;
  return [state.at + (state.trouble === undefined ? '' : '!'), ...effects.map((effect) => effect.do)].join(
    ' ',
  );
}

describe.each(Object.values(STATES))('from $at', (state) => {
  test.each(Object.values(EVENTS))('$on', (event) => {
    expect(summaryOf(state, event)).toBe(EXPECTED[state.at][event.on]);
  });

  test('what the next good step leads to forgets an old trouble', () => {
    const troubled = { ...state, trouble } as InstallState;
    for (const event of Object.values(EVENTS)) {
      if (event.on === 'failed' || EXPECTED[state.at][event.on] === undefined) continue;
      expect(install(troubled, event).state.trouble, event.on).toBeUndefined();
    }
  });
});

function walk(...events: readonly InstallEvent[]) {
  let state = INSTALL_START;
  const effects: string[] = [];
  for (const event of events) {
    const step = install(state, event);
    state = step.state;
    effects.push(...step.effects.map((effect) => effect.do));
  }
  return { state, effects };
}

describe('the whole way', () => {
  test('of a good device asks for each effect once, with what was gathered', () => {
    const { label_text, label_read, link_chosen, connected, read, device_read, go_on, placed, saved } =
      EVENTS;
    const before = [label_text, label_read, link_chosen, connected, read, device_read, EVENTS.checked, go_on];
    expect(walk(...before, placed, saved)).toEqual({
      state: { at: 'saved', record: 'r', label, place },
      effects: ['look_up', 'connect', 'read_device', 'check', 'save'],
    });
    const save = install(walk(...before).state, placed).effects;
    expect(save).toEqual([{ do: 'save', checked, asFound: false, place }]);
  });

  test('nothing is read of a device that has nothing to bind, and no Wi-Fi asked of one without', () => {
    const bare = {
      ...STATES.found,
      traits: { ...STATES.found.traits, evidence: 'none', wifi: false },
    } as const;
    expect(summaryOf(bare, EVENTS.read)).toBeUndefined();
    expect(summaryOf(bare, EVENTS.set_up_wifi)).toBeUndefined();
  });

  test('a new key is asked for only by the person who said so', () => {
    const made = install(STATES.pair, { ...EVENTS.link_chosen, newKey: true }).effects;
    expect(made).toEqual([{ do: 'connect', link: 'serial', label, another: false, newKey: true }]);
    expect(install(STATES.pair, EVENTS.link_chosen).effects).toMatchObject([{ newKey: false }]);
  });

  test('a security tag that a person was told goes along', () => {
    const made = install(STATES.pair, { ...EVENTS.link_chosen, secTag: 42 }).effects;
    expect(made).toMatchObject([{ do: 'connect', secTag: 42 }]);
  });

  test('a label without a name takes the one that the device gave', () => {
    const { udid: _, ...nameless } = label;
    const { state } = install({ ...STATES.checking, label: nameless }, EVENTS.checked);
    expect(state).toMatchObject({ at: 'checked', label: { udid: 'acme-1' } });
  });

  test('stops at a failed check, unless submitted as found and marked so', () => {
    const stopped: InstallState = { ...STATES.checked, checks: failed };
    expect(summaryOf(stopped, EVENTS.go_on)).toBeUndefined();
    const { state } = install(stopped, EVENTS.submit_as_found);
    const { because } = EVENTS.submit_as_found;
    expect(state).toMatchObject({ at: 'place', asFound: true, because, checks: failed });
    const [effect] = install(state, EVENTS.placed).effects;
    expect(effect).toMatchObject({ do: 'save', asFound: true, because });
    expect(summaryOf(stopped, { on: 'submit_as_found', because: ' \n' })).toBeUndefined();
  });

  test('goes on where something could not be checked here', () => {
    expect(hasFailed(doubtful)).toBe(false);
    const { state } = install({ ...STATES.checked, checks: doubtful }, EVENTS.go_on);
    expect(state).toMatchObject({ at: 'place', asFound: false, checks: doubtful });
  });

  test('a new label at the pairing step starts over with that label', () => {
    const { state } = install(STATES.pair, EVENTS.label_text);
    expect(state).toEqual({ at: 'looking_up', how: 'camera' });
  });
});

describe('what a visit is for', () => {
  const wish = { act: 'renew', device: known } as const;
  const other = { ...label, udid: 'acme-2', text: 'acme-2' };

  test('is kept over another label, and ends with what was saved', () => {
    for (const from of [STATES.pair, STATES.checked]) {
      const { state } = install({ ...from, label: { ...label, wish } }, EVENTS.next);
      expect(state).toEqual({ at: 'scan', wish });
    }
    expect(install({ ...STATES.saved, label: { ...label, wish } }, EVENTS.next).state).toEqual(INSTALL_START);
  });

  test.each(['renew', 'move', 'again'] as const)('%s: the label of another device is not taken', (act) => {
    const looking = { at: 'looking_up', how: 'camera', wish: { act, device: known } } as const;
    expect(install(looking, { on: 'label_read', label: other }).state).toEqual({
      ...{ at: 'scan', wish: looking.wish, trouble: { code: 'another_device' } },
    });
    expect(install(looking, EVENTS.label_read).state).toMatchObject({
      at: 'pair',
      label: { wish: looking.wish },
    });
  });

  test('replace: only another device can take its place, and what is known of that one stays known', () => {
    const looking = { at: 'looking_up', how: 'camera', wish: { act: 'replace', device: known } } as const;
    expect(install(looking, EVENTS.label_read).state).toMatchObject({ trouble: { code: 'same_device' } });
    expect(install(looking, { on: 'label_read', label: other }).state).toMatchObject({
      at: 'pair',
      label: { udid: 'acme-2', wish: looking.wish },
    });
  });
});

describe('in the domain of another organisation', () => {
  const there = { ...place, org: 'westside', domain: 'mill.example.org' };
  const asked = install(STATES.place, { on: 'placed', place: there });
  const answer = { ...EVENTS.checked, org: 'westside', pack: 'w'.repeat(43) };

  test('the device is held against that one’s list before anything is saved', () => {
    expect(asked.effects).toEqual([{ do: 'check', label, reading, org: 'westside' }]);
    const { state, effects } = install(asked.state, answer);
    expect(state).toMatchObject({ at: 'saving', org: 'westside', pack: answer.pack, place: there });
    expect(effects).toMatchObject([{ do: 'save', place: there, asFound: false }]);
  });

  test('what fails there stops, with what was chosen kept', () => {
    const chosen = { org: 'westside', domain: there.domain };
    const from = install({ ...STATES.place, chosen }, { on: 'placed', place: there }).state;
    const { state, effects } = install(from, { ...answer, checks: failed });
    expect(state).toMatchObject({ at: 'checked', org: 'westside', checks: failed, chosen });
    expect(effects).toEqual([]);
  });

  test('a late answer for another organisation changes nothing', () => {
    const late = { ...answer, org: 'elsewhere' };
    expect(install(asked.state, late)).toEqual({ state: asked.state, effects: [] });
  });
});

describe('a fault', () => {
  test.each(['connecting', 'reading', 'checking'] as const)('while %s keeps the label', (at) => {
    expect(install(STATES[at], EVENTS.failed).state).toEqual({ at: 'pair', label, link: 'serial', trouble });
  });

  test('while saving keeps the checks and whether it was as found', () => {
    const { state } = install({ ...STATES.saving, asFound: true }, EVENTS.failed);
    expect(state).toEqual({ at: 'place', ...checked, asFound: true, trouble });
    expect(install(state, EVENTS.placed).effects).toMatchObject([{ do: 'save', asFound: true }]);
  });

  test.each(Object.values(STATES))('at $at leads to a step from which one can go on', (state) => {
    const after = install(state, EVENTS.failed).state;
    const ways = Object.values(EVENTS).filter(
      (event) => event.on !== 'failed' && install(after, event).state.at !== after.at,
    );
    if (after.at !== 'saved') expect(ways.length).toBeGreaterThan(0);
    expect(after.trouble).toEqual(trouble);
  });
});

describe('after a restart', () => {
  const expected: Record<InstallState['at'], InstallState | undefined> = {
    scan: undefined,
    looking_up: undefined,
    known: undefined,
    pair: { at: 'pair', label },
    connecting: { at: 'pair', label },
    found: { at: 'pair', label },
    wifi: { at: 'pair', label },
    reading: { at: 'pair', label },
    checking: { at: 'pair', label },
    checked: { at: 'checked', ...checked },
    place: { at: 'place', ...checked, asFound: false },
    saving: { at: 'place', ...checked, asFound: false },
    saved: undefined,
  };

  test.each(Object.values(STATES))('$at resumes at a step that needs no open device', (state) => {
    const resumed = resumable({ ...state, trouble } as InstallState);
    expect(resumed).toEqual(expected[state.at]);
    // It is stored and read back as data, and resuming what was resumed is the same.
    if (resumed !== undefined) expect(resumable(structuredClone(resumed))).toEqual(resumed);
  });

  test('what was to be submitted as found still is', () => {
    expect(resumable({ ...STATES.saving, asFound: true })).toMatchObject({ at: 'place', asFound: true });
  });
});
