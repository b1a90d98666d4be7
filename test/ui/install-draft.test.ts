import { expect, test } from 'vitest';
import { depthOf } from '../../src/flow/install.ts';
import { type Drafts, INSTALL_DRAFT, LAST_PLACE } from '../../src/ports/drafts.ts';
import { DraftBook, type DraftOwner } from '../../src/ui/install-draft.ts';
import { checked, known, label, INSTALL_STATES as STATES } from '../flow/events.ts';

let clock = 1;
const PACKS = [{ org: 'northfield', digest: checked.pack }];

/** Drafts as they come back from a store: copies. */
function drafts() {
  const kept = new Map<string, unknown>();
  return {
    kept,
    load: async (name: string) => structuredClone(kept.get(name)),
    save: async (name: string, value: unknown) => void kept.set(name, structuredClone(value)),
    drop: async (name: string) => void kept.delete(name),
  };
}

function book(store: Drafts, other: Partial<DraftOwner> = {}) {
  return new DraftBook(store, {
    operator: 'ines',
    app: '1.0.0',
    packs: () => PACKS,
    now: () => clock++,
    ...other,
  });
}

const at = (udid: string) => ({ ...STATES.place, label: { ...label, udid, text: udid } });

test('its own draft, by the same pack, goes on where it stood, with what was chosen and typed', async () => {
  const store = drafts();
  const chosen = { org: 'northfield', domain: 'site-12.example.org', position: 'Shelf 1' };
  const writer = book(store);
  writer.note({ ...STATES.place, chosen });
  await writer.settled();
  expect(await book(store).take()).toEqual({ kind: 'state', state: { ...STATES.place, chosen } });
});

test('a new scan leaves the draft of the device before; each has its own, the newest first, five at most', async () => {
  const store = drafts();
  const writer = book(store);
  for (let i = 1; i <= 7; i++) {
    // Each visit begins at the scanner.
    writer.note(STATES.looking_up);
    writer.note(at(`acme-${i}`));
  }
  writer.note(STATES.looking_up);
  await writer.settled();
  const offers = await book(store).offers();
  expect(offers.map(({ name }) => name)).toEqual(['acme-7', 'acme-6', 'acme-5', 'acme-4', 'acme-3']);
  expect(await book(store).take('acme-5')).toMatchObject({ state: { label: { udid: 'acme-5' } } });
  await book(store).throwAway('acme-7');
  expect((await book(store).offers())[0]?.name).toBe('acme-6');
});

test('a device that is saved, or gone back from, is no draft; the others stay', async () => {
  const store = drafts();
  for (const end of [STATES.saved, STATES.scan]) {
    const writer = book(store);
    writer.note(at('acme-1'));
    writer.note(STATES.looking_up);
    writer.note(at('acme-2'));
    writer.note(end);
    await writer.settled();
    expect((await writer.offers()).map(({ name }) => name)).toEqual(['acme-1']);
  }
  const writer = book(store);
  await writer.take('acme-1');
  writer.note(STATES.saved);
  await writer.settled();
  expect(store.kept.has(INSTALL_DRAFT)).toBe(false);
});

test('a nameless label that gets its name is one draft and not two', async () => {
  const writer = book(drafts());
  const { udid: _, ...nameless } = { ...label, aliases: ['PROV_12ab'] };
  writer.note({ ...STATES.pair, label: nameless });
  writer.note(STATES.checked);
  await writer.settled();
  expect((await writer.offers()).map(({ key }) => key)).toEqual(['acme-1']);
});

test('by another pack only the label is taken up, and what the visit was for', async () => {
  const store = drafts();
  const writer = book(store);
  const wish = { act: 'renew', device: known } as const;
  writer.note({ ...STATES.checked, label: { ...label, known, wish } });
  await writer.settled();
  const later = book(store, { packs: () => [{ org: 'northfield', digest: 'p2' }] });
  expect(await later.take()).toEqual({ kind: 'label', text: label.text, how: label.how, wish });
});

test.each<[string, Partial<DraftOwner>]>([
  ['another person', { operator: 'sam' }],
  ['another organisation', { packs: () => [{ org: 'westside', digest: checked.pack }] }],
  ['another version of the app', { app: '2.0.0' }],
])('a draft of %s is nobody’s, and stays theirs', async (_, other) => {
  const store = drafts();
  const writer = book(store);
  writer.note(STATES.checked);
  await writer.settled();
  const theirs = book(store, other);
  expect([await theirs.take(), await theirs.offers()]).toEqual([undefined, []]);
  theirs.note(at('acme-9'));
  await theirs.settled();
  if (other.operator !== undefined) expect(await book(store).take()).toMatchObject({ kind: 'state' });
});

const ROW = { operator: 'ines', app: '1.0.0', org: 'northfield', pack: checked.pack, at: 1 };
test.each([
  null,
  'text',
  {},
  // As one draft was kept before there were several.
  { ...ROW, state: STATES.checked },
  [{ ...ROW, state: null }],
  [{ ...ROW, state: { at: 'saving', label } }],
  [{ ...ROW, state: { at: 'pair', label: { ...label, udid: 'mqtt' } } }],
  [{ ...ROW, state: { at: 'pair', label: { ...label, known: { udid: 7 } } } }],
  [{ ...ROW, state: { at: 'pair', label: { ...label, wish: { act: 'steal', device: known } } } }],
  [{ ...ROW, state: { ...STATES.checked, checks: [{ check: 'made_up', result: 'passed' }] } }],
  [{ ...ROW, state: { ...STATES.checked, reading: { ...checked.reading, evidence: {} } } }],
  [{ ...ROW, state: { ...STATES.place, pack: 7 } }],
  [{ ...ROW, state: { ...STATES.place, training: undefined } }],
])('what is no draft is not believed: %j', async (content) => {
  const store = drafts();
  await store.save(INSTALL_DRAFT, content);
  await store.save(LAST_PLACE, content);
  expect([await book(store).take(), await book(store).lastPlace()]).toEqual([undefined, undefined]);
});

test('storage that fails neither stops the flow nor its start', async () => {
  const fail = async () => Promise.reject(new Error('full'));
  const broken = book({ load: fail, save: fail, drop: fail });
  broken.note(STATES.checked);
  broken.keepLastPlace({ org: 'northfield', domain: 'site-12.example.org' });
  await broken.settled();
  expect([await broken.take(), await broken.offers(), await broken.lastPlace()]).toEqual([
    undefined,
    [],
    undefined,
  ]);
});

test('the last place is each person’s own', async () => {
  const store = drafts();
  const [ines, sam] = [book(store), book(store, { operator: 'sam' })];
  const place = { org: 'northfield', domain: 'site-12.example.org', site: 'roof', siteTitle: 'Roof' };
  ines.keepLastPlace(place);
  await ines.settled();
  sam.keepLastPlace({ org: 'westside', domain: 'mill-lane.example.org' });
  await sam.settled();
  expect(await book(store).lastPlace()).toEqual(place);
  expect(await sam.lastPlace()).toEqual({ org: 'westside', domain: 'mill-lane.example.org' });
});

test('a draft is a step that the browser can go back from', () => {
  expect([STATES.pair, STATES.checked, STATES.place].map(depthOf)).toEqual([1, 2, 3]);
});
