import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { OUTCOME_CODES, REJECTION_CODES } from '../../contract/codes.ts';
import type { FieldDevice, FieldRecord } from '../../contract/field-device.ts';
import { RECORD_STATES } from '../../core/record-state.ts';
import { type DeviceAtPlace, NEEDS_ME } from '../../src/ports/devices.ts';
import { foldDevice } from '../../src/storage/device-fold.ts';
import { fuzzed } from '../support/fuzzing.ts';
import { DOMAIN, digest, queuedRecord, recordId, START } from '../support/records.ts';

// What is said of a device, for everything that a phone can know of one.
afterEach(() => vi.unstubAllGlobals());

const [INES, JO] = ['ines', 'jo'];
const at = (n: number) => new Date(START + n).toISOString();
const CERTIFICATE = {
  ...{ fingerprint: 'a'.repeat(64), leafPem: 'leaf', chainPem: 'chain' },
  ...{ notBefore: at(0), notAfter: at(9_000_000) },
};
const TYPES = ['registration+jws', 'confirmation+jws', 'amendment+jws', 'void+jws'] as const;

const record = fc
  .record({
    seq: fc.integer({ min: 1, max: 5 }),
    state: fc.constantFrom(...RECORD_STATES),
    typ: fc.constantFrom(...TYPES),
    code: fc.constantFrom(null, ...OUTCOME_CODES, ...REJECTION_CODES),
    about: fc.integer({ min: 1, max: 3 }),
    decided: fc.boolean(),
    read: fc.boolean(),
    takes: fc.boolean(),
    operator: fc.constantFrom(INES, JO),
  })
  .map(({ seq, about, decided, read, takes, ...rest }) =>
    queuedRecord({
      ...rest,
      seq,
      id: recordId(seq),
      ...(rest.typ === 'amendment+jws' && decided ? { code: 'place_conflict' as const } : {}),
      about: rest.typ === 'registration+jws' ? null : recordId(about),
      decidedAt: decided ? at(seq + 1) : null,
      certificate: decided ? CERTIFICATE : null,
      takesCertificate: takes,
      ...(read ? { read: true } : {}),
    }),
  );
const device = fc
  .record({
    state: fc.constantFrom('issuing', 'issued', 'installed', 'shown', 'ended'),
    n: fc.integer({ min: 1, max: 5 }),
    waits: fc.boolean(),
    takesNone: fc.boolean(),
    due: fc.boolean(),
    code: fc.constantFrom(...OUTCOME_CODES),
    suspended: fc.constantFrom(undefined, 'lost', 'maintenance', 'put_back'),
  })
  .map(
    ({ state, n, waits, due, code, suspended, ...rest }): FieldDevice => ({
      ...{ maker: 'acme', udid: 'acme-1', names: [], domain: DOMAIN, place: digest(800), state },
      ...{ registration: recordId(n), by: INES, byName: 'Ines', capturedAt: at(n), unproven: false },
      ...rest,
      ...(waits ? { certificate: CERTIFICATE } : {}),
      ...(due ? { renewFrom: at(0), notAfter: at(9_000_000) } : {}),
      ...(state === 'ended' ? { ended: { code, at: at(n + 1) } } : {}),
      ...(suspended === undefined ? {} : { suspended: { reason: suspended, at: at(1), by: 'Ada' } }),
    }),
  );
const report = fc
  .record({
    n: fc.integer({ min: 1, max: 8 }),
    outcome: fc.constantFrom('held', 'refused'),
    code: fc.constantFrom(undefined, ...OUTCOME_CODES),
    read: fc.boolean(),
  })
  .map(({ n, code, ...rest }): FieldRecord & { readonly read: boolean } => ({
    ...{ record: recordId(n), udid: 'acme-1', names: [], domain: DOMAIN, at: at(n + 1), by: INES },
    ...{ byName: 'Ines', capturedAt: at(n) },
    ...(code === undefined ? {} : { code }),
    ...rest,
  }));
const row = fc
  .record({
    records: fc.uniqueArray(record, { maxLength: 5, selector: ({ id }) => id }),
    devices: fc.array(device, { maxLength: 1 }),
    reports: fc.uniqueArray(report, { maxLength: 2, selector: (one) => one.record }),
  })
  .map((sources) => foldDevice(sources, { operator: INES, now: START + 1_000_000 }))
  .filter((one) => one !== undefined);

/** Words that no person is to read: codes with their underscores, and names for machines. */
const FOR_MACHINES = /[a-z]_[a-z]|spiffe:|undefined|\[object/;

/** The module reads the address bar when it loads. */
async function screens() {
  vi.stubGlobal('location', { pathname: '/', search: '' });
  vi.stubGlobal('addEventListener', () => undefined);
  const [{ nextActs, stateWords }, { nextOf }, { fieldTroubleWords }] = await Promise.all([
    import('../../src/ui/at-state.ts'),
    import('../../src/ui/parts/device-row.tsx'),
    import('../../src/ui/words/field-trouble.ts'),
  ]);
  return { nextActs, stateWords, nextOf, fieldTroubleWords };
}

test('every device has a title, who is next, and what to do next', async () => {
  const { nextActs, stateWords, nextOf, fieldTroubleWords } = await screens();
  fc.assert(
    fc.property(row, (one) => {
      const [title, note] = stateWords(one);
      const why = one.code === null ? [] : Object.values(fieldTroubleWords(one.code));
      for (const said of [title, note, nextOf(one), ...why]) {
        expect(said.length).toBeGreaterThan(3);
        expect(said).not.toMatch(FOR_MACHINES);
      }
      const isMine = NEEDS_ME.has(one.need);
      const isWritable = one.need === 'none' && one.certificate !== undefined && one.takesCertificate;
      expect(nextActs(one).length > 0).toBe(isMine || isWritable);
      // Nobody is told to wait for what waits for them, nor that all is well.
      if (isMine) expect(note).not.toMatch(/need not do anything|not refused|has not decided/);
    }),
    fuzzed(30_000),
  );
});

test('what is made up here is all that can be: each need, each standing, and most of their pairs', () => {
  const rows = fc.sample(row, { numRuns: 10_000, seed: 1 });
  const count = (key: (one: DeviceAtPlace) => string) => new Set(rows.map(key)).size;
  expect([count(({ need }) => need), count(({ standing }) => standing)]).toEqual([10, 10]);
  expect(count(({ need, standing }) => `${need} ${standing}`)).toBeGreaterThan(35);
});

describe('words', async () => {
  const folder = join(import.meta.dirname, '../../src/ui/words');
  const files = readdirSync(folder).map((file) => join(folder, file));
  const catalogues: unknown[] = await Promise.all(files.map((file) => import(file)));
  const texts = catalogues.flatMap(textsIn);

  test('bind devices, and register none', () => {
    // docs/words.md gives "Registered" to a record that is received or noted.
    expect(texts.filter((text) => /\bregister(s|ing)?\b/i.test(text))).toEqual([]);
    expect(texts.length).toBeGreaterThan(500);
  });

  test('hold no code and no name for machines', () => {
    const whole = texts.filter((text) => !/^[`"']/.test(text));
    expect(whole.filter((text) => FOR_MACHINES.test(text))).toEqual([]);
  });
});

/** Every text of a catalogue; of a text with gaps, what it is made by. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'function') return String(value).match(/`[^`]*`|"[^"]*"|'[^']*'/g) ?? [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
