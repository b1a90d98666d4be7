import { expect, test } from 'vitest';
import { keepDraft, loadDraft } from '../../src/ui/install-draft.ts';
import { checked, label, INSTALL_STATES as STATES } from '../flow/events.ts';

const OWNER = { operator: 'ines', org: 'northfield', app: '1.0.0', pack: 'p1' };

function drafts() {
  let content: unknown;
  return {
    load: async () => structuredClone(content),
    save: async (_: string, kept: unknown) => {
      content = structuredClone(kept);
    },
    drop: async () => {
      content = undefined;
    },
    put: (kept: unknown) => {
      content = kept;
    },
  };
}

test('its own draft, by the same pack, goes on where it stood', async () => {
  const store = drafts();
  await keepDraft(store, OWNER, STATES.place);
  expect(await loadDraft(store, OWNER)).toEqual({ kind: 'state', state: STATES.place });
});

test('by another pack only the label is taken up, to be looked up and checked anew', async () => {
  const store = drafts();
  await keepDraft(store, OWNER, STATES.checked);
  expect(await loadDraft(store, { ...OWNER, pack: 'p2' })).toEqual({
    kind: 'label',
    text: label.text,
    how: label.how,
  });
});

test.each([
  ['another person', { operator: 'sam' }],
  ['another organisation', { org: 'westside' }],
  ['another version of the app', { app: '2.0.0' }],
])('a draft of %s is nobody’s', async (_, other) => {
  const store = drafts();
  await keepDraft(store, OWNER, STATES.checked);
  expect(await loadDraft(store, { ...OWNER, ...other })).toBeUndefined();
});

test.each([
  null,
  'text',
  {},
  { ...OWNER, state: null },
  { ...OWNER, state: { at: 'saving', label } },
  { ...OWNER, state: { at: 'pair', label: { ...label, udid: 'mqtt' } } },
  { ...OWNER, state: { at: 'checked', ...checked, checks: [{ check: 'made_up', result: 'passed' }] } },
  { ...OWNER, state: { at: 'checked', ...checked, reading: { ...checked.reading, evidence: {} } } },
  { ...OWNER, state: { at: 'place', ...checked, pack: 7 } },
])('what is no draft is not believed: %j', async (content) => {
  const store = drafts();
  store.put(content);
  expect(await loadDraft(store, OWNER)).toBeUndefined();
});

test('storage that fails neither stops the flow nor its start', async () => {
  const fail = async () => Promise.reject(new Error('full'));
  await keepDraft({ load: fail, save: fail, drop: fail }, OWNER, STATES.checked);
  expect(await loadDraft({ load: fail, save: fail, drop: fail }, OWNER)).toBeUndefined();
});
