import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FieldDevice, FieldRecord } from '../../contract/field-device.ts';
import { RECORD_STATES } from '../../core/record-state.ts';
import type { QueuedRecord } from '../../src/ports/outbox.ts';
import { type DeviceSources, foldDevice } from '../../src/storage/device-fold.ts';
import { holds, searchText } from '../../src/storage/search-text.ts';
import { fuzzed } from '../support/fuzzing.ts';
import { DOMAIN, digest, queuedRecord, recordId, START } from '../support/records.ts';

const [INES, JO] = ['ines', 'jo'];
const NOW = START + 1_000_000;
const at = (n: number) => new Date(START + n).toISOString();
const CERTIFICATE = {
  fingerprint: 'a'.repeat(64),
  leafPem: 'leaf',
  chainPem: 'chain',
  notBefore: at(0),
  notAfter: at(9_000_000),
};

const own = (over: Partial<QueuedRecord>) => queuedRecord({ operator: INES, ...over });
const told = (over: Partial<FieldDevice> = {}): FieldDevice => ({
  maker: 'acme',
  udid: 'acme-1',
  names: ['02:B0:00:00:00:30'],
  domain: DOMAIN,
  site: 'hall-3',
  position: 'Flat 2',
  place: digest(800),
  state: 'issued',
  registration: recordId(1),
  by: INES,
  byName: 'Ines',
  capturedAt: at(1),
  unproven: false,
  ...over,
});
const report = (over: Partial<FieldRecord> = {}): FieldRecord => ({
  record: recordId(50),
  udid: 'acme-1',
  names: [],
  domain: 'other.example.org',
  outcome: 'held',
  at: at(60),
  by: INES,
  byName: 'Ines',
  capturedAt: at(50),
  ...over,
});
const fold = (sources: Partial<DeviceSources>, operator = INES) =>
  foldDevice({ records: [], devices: [], reports: [], ...sources }, { operator, now: NOW });

test('in whatever order records and tellings lie, the row is the same, whatever the clocks of two keys said', () => {
  const record = fc
    .record({
      seq: fc.integer({ min: 1, max: 6 }),
      key: fc.integer({ min: 900, max: 902 }),
      time: fc.integer({ min: 1, max: 8 }),
      state: fc.constantFrom(...RECORD_STATES),
      typ: fc.constantFrom(
        'registration+jws' as const,
        'confirmation+jws' as const,
        'amendment+jws' as const,
        'void+jws' as const,
      ),
      code: fc.constantFrom(null, 'renewed' as const, 'moved' as const, 'withdrawn' as const),
      decided: fc.boolean(),
      operator: fc.constantFrom(INES, JO),
    })
    .map(({ seq, key, time, decided, ...rest }) =>
      queuedRecord({
        ...rest,
        seq,
        kid: digest(key),
        id: recordId(key * 100 + seq),
        createdAt: START + time,
        about: rest.typ === 'registration+jws' ? null : recordId(key * 100 + 1),
        decidedAt: decided ? at(time + 1) : null,
        certificate: decided ? CERTIFICATE : null,
      }),
    );
  const device = fc
    .record({
      maker: fc.constantFrom('acme', 'other', 'third'),
      state: fc.constantFrom('issued' as const, 'installed' as const, 'ended' as const),
      time: fc.integer({ min: 1, max: 8 }),
    })
    .map(({ maker, state, time }) => told({ maker, state, capturedAt: at(time) }));
  const telling = fc
    .record({
      n: fc.integer({ min: 50, max: 54 }),
      time: fc.integer({ min: 1, max: 8 }),
      outcome: fc.constantFrom('held' as const, 'refused' as const),
    })
    .map(({ n, time, outcome }) => report({ record: recordId(n), capturedAt: at(time), outcome }));
  const sources = fc.record({
    records: fc.uniqueArray(record, { maxLength: 7, selector: ({ id }) => id }),
    devices: fc.uniqueArray(device, { maxLength: 3, selector: ({ maker }) => maker }),
    reports: fc.uniqueArray(telling, { maxLength: 3, selector: (one) => one.record }),
  });
  const shuffled = sources.chain((one) =>
    fc.record({
      one: fc.constant(one),
      other: fc.record({
        records: fc.shuffledSubarray(one.records, { minLength: one.records.length }),
        devices: fc.shuffledSubarray(one.devices, { minLength: one.devices.length }),
        reports: fc.shuffledSubarray(one.reports, { minLength: one.reports.length }),
      }),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ one, other }) => {
      expect(fold(other)).toEqual(fold(one));
    }),
    fuzzed(40_000),
  );
});

test('records of two keys whose clocks disagree have one order', () => {
  const correction = (seq: number, key: number, time: number) =>
    own({
      seq,
      kid: digest(key),
      id: recordId(key * 10 + seq),
      createdAt: START + time,
      typ: 'amendment+jws',
      about: recordId(1),
      place: { position: `${key} ${seq}`, digest: digest(key + seq) },
    });
  // The clock of key 901 was set back between its two records; that of key 902 lies between them.
  const records = [correction(1, 901, 100), correction(2, 901, 50), correction(1, 902, 75)];
  const [a, b, c] = records;
  const orders = [records, [c, b, a], [b, c, a], [b, a, c], [c, a, b], [a, c, b]];
  const rows = orders.map((order) =>
    fold({ records: order.filter((one) => one !== undefined), devices: [told()] }),
  );
  expect(new Set(rows.map((row) => row?.position)).size).toBe(1);
});

describe('whose a device is', () => {
  test('who captured it on another phone is its author here', () => {
    expect(fold({ devices: [told({ by: INES })] })).toMatchObject({ mine: true });
    expect(fold({ reports: [report({ by: INES })] })).toMatchObject({ mine: true });
  });

  test('registered anew by a colleague it is theirs, though an own record of it lies here', () => {
    const mine = own({ state: 'installed', decidedAt: at(2), certificate: CERTIFICATE });
    const theirs = told({ by: JO, byName: 'Jo', registration: recordId(9), capturedAt: at(9) });
    expect(fold({ records: [mine], devices: [theirs] })).toMatchObject({
      mine: false,
      byName: 'Jo',
      record: mine.id,
    });
  });

  test('a record of a colleague that is held is not mine', () => {
    expect(fold({ reports: [report({ by: JO, byName: 'Jo' })] })).toMatchObject({
      mine: false,
      need: 'held',
    });
  });
});

describe('a certificate that waits', () => {
  const bound = own({ state: 'bound', decidedAt: at(2), certificate: CERTIFICATE });
  const written = (operator: string, state: QueuedRecord['state']) =>
    queuedRecord({
      seq: 2,
      kid: digest(operator === INES ? 900 : 901),
      typ: 'confirmation+jws',
      about: bound.id,
      wrote: CERTIFICATE.fingerprint,
      operator,
      state,
    });

  test('is written once, whoever of this phone wrote it', () => {
    expect(fold({ records: [bound] })?.need).toBe('write');
    expect(fold({ records: [bound, written(JO, 'saved')] })?.need).not.toBe('write');
    const device = told({ certificate: CERTIFICATE });
    expect(fold({ records: [written(JO, 'received')], devices: [device] })?.need).not.toBe('write');
    expect(fold({ records: [written(JO, 'refused')], devices: [device] })?.need).toBe('write');
  });

  test('written and not sent yet, it is among what is to be sent', () => {
    const row = fold({ records: [{ ...bound, state: 'installed' }, written(INES, 'saved')] });
    expect(row).toMatchObject({ standing: 'installed', need: 'send' });
    const sent = fold({ records: [{ ...bound, state: 'installed' }, written(INES, 'noted')] });
    expect(sent).toMatchObject({ standing: 'installed', need: 'none' });
  });
});

describe('a registration of a device that stands already', () => {
  const standing = told({ state: 'installed' });

  test('while it is held or refused the device stands where it stood, on the phone that captured it and on another', () => {
    for (const outcome of ['held', 'refused'] as const) {
      const captured = own({
        seq: 50,
        id: recordId(50),
        createdAt: START + 50,
        domain: 'other.example.org',
        state: outcome,
        decidedAt: at(60),
        place: { position: 'Roof', digest: digest(801) },
      });
      const here = fold({ records: [captured], devices: [standing] });
      const there = fold({ devices: [standing], reports: [report({ outcome })] });
      const shown = { domain: DOMAIN, position: 'Flat 2', registration: recordId(1), place: digest(800) };
      expect(here).toMatchObject({ ...shown, need: outcome, standing: outcome });
      expect(there).toMatchObject({ ...shown, need: outcome, standing: outcome });
      for (const row of [here, there]) expect(row).toMatchObject({ record: recordId(50), mine: true });
      // An own record of the device that stands takes nothing away from the one that the row speaks of.
      const older = own({ state: 'installed', decidedAt: at(2), certificate: CERTIFICATE });
      const both = fold({ records: [older], devices: [standing], reports: [report({ outcome })] });
      expect(both).toMatchObject({ ...shown, record: recordId(50) });
    }
  });

  describe('which somebody put elsewhere meanwhile', () => {
    // Captured before what the backend says by now, as a phone without signal does, and decided after it.
    const visit = (over: Partial<QueuedRecord> = {}) =>
      own({
        ...{ seq: 9, id: recordId(50), createdAt: START + 50, state: 'refused', code: 'place_conflict' },
        ...{ detail: 'Hall 3, Flat 9', decidedAt: at(90), place: { position: 'Roof', digest: digest(801) } },
        ...over,
      });
    const moved = told({ state: 'installed', position: 'Flat 9', capturedAt: at(80), place: digest(802) });

    test('shows both places, as for a correction, until it is read or answered', () => {
      const shown = { standing: 'installed', domain: DOMAIN, position: 'Flat 9', place: digest(802) };
      expect(fold({ records: [visit()], devices: [moved] })).toMatchObject({
        ...{ ...shown, need: 'conflict', code: 'place_conflict', because: 'Hall 3, Flat 9' },
        record: recordId(50),
      });
      const read = fold({ records: [visit({ read: true })], devices: [moved] });
      expect(read).toMatchObject({ ...shown, need: 'none', code: null });
      const answer = own({
        ...{ seq: 10, id: recordId(51), createdAt: START + 95, typ: 'amendment+jws', about: recordId(1) },
        place: { position: 'Roof', digest: digest(801) },
      });
      const answered = fold({ records: [visit(), answer], devices: [moved] });
      expect(answered).toMatchObject({ need: 'send', correcting: true, position: 'Roof' });
      // One from before the visit answers nothing.
      const before = { ...answer, seq: 8, createdAt: START + 40, state: 'noted' as const };
      expect(fold({ records: [before, visit()], devices: [moved] })).toMatchObject({ need: 'conflict' });
    });

    test('says a refused move on the device, which no correction makes good', () => {
      const move = visit({ domain: 'other.example.org' });
      expect(fold({ records: [move], devices: [moved] })).toMatchObject({
        ...{ need: 'refused', code: 'place_conflict', standing: 'installed', domain: DOMAIN },
      });
      const read = fold({ records: [{ ...move, read: true }], devices: [moved] });
      expect(read).toMatchObject({ need: 'none', domain: DOMAIN });
    });

    test('is nothing any more where the device has ended, or a later registration stands', () => {
      const ended = told({ state: 'ended', ended: { code: 'retired', at: at(95) } });
      expect(fold({ records: [visit()], devices: [ended] })).toMatchObject({ need: 'ended' });
      const later = own({ ...{ seq: 11, id: recordId(1), createdAt: START + 99, state: 'installed' } });
      expect(fold({ records: [visit(), later], devices: [moved] })?.need).not.toBe('conflict');
    });
  });

  test('once its person has read of the refusal, the device is what it was', () => {
    const row = fold({
      devices: [standing],
      reports: [{ ...report({ outcome: 'refused' }), read: true }],
    });
    expect(row).toMatchObject({ standing: 'installed', need: 'none' });
  });
});

test('what somebody else was refused is not shown, and what they had held is', () => {
  const theirs = (outcome: 'held' | 'refused') =>
    report({ record: recordId(60), outcome, by: 'somebody-else' });
  expect(fold({ reports: [theirs('refused')] })).toBeUndefined();
  expect(fold({ reports: [theirs('held')] })).toMatchObject({ need: 'held', mine: false });
});

test('two makers that use one name: the row shows one device and names the other, until that one has ended', () => {
  const [one, other] = [told({ capturedAt: at(9) }), told({ maker: 'bolt', site: 'roof', position: 'B7' })];
  const row = fold({ devices: [other, one] });
  expect(row).toMatchObject({
    maker: 'acme',
    alike: [{ maker: 'bolt', domain: DOMAIN, site: 'roof', position: 'B7', standing: 'issued' }],
  });
  for (const word of ['bolt', 'roof', 'b7', 'acme', 'hall-3'])
    expect(row && holds(searchText(row), word)).toBe(true);
  expect(fold({ devices: [one, { ...other, state: 'ended' }] })).not.toHaveProperty('alike');
});

test('of two makers that use one name, the device that needs somebody has the row', () => {
  const waits = told({ certificate: CERTIFICATE, capturedAt: at(1) });
  const done = told({ maker: 'zenith', state: 'shown', registration: recordId(2), capturedAt: at(9) });
  const mine = own({ id: recordId(2), maker: 'zenith', createdAt: START + 9, state: 'installed' });
  for (const records of [[], [mine]])
    for (const devices of [
      [waits, done],
      [done, waits],
    ])
      expect(fold({ records, devices })).toMatchObject({
        maker: 'acme',
        need: 'write',
        alike: [{ maker: 'zenith', standing: 'shown' }],
      });
});

test('what was captured here of a third maker is not lost under two that the backend knows', () => {
  const devices = [told({ state: 'shown' }), told({ maker: 'zenith', state: 'shown' })];
  const third = own({ id: recordId(7), maker: 'bolt', createdAt: START + 70, state: 'saved' });
  expect(fold({ records: [third], devices })).toMatchObject({
    ...{ maker: 'bolt', need: 'send', record: recordId(7) },
    alike: [{ maker: 'acme' }, { maker: 'zenith' }],
  });
});

test('what a person took back while it was held is told to nobody as refused', () => {
  const gone = own({ id: recordId(50), createdAt: START + 50, state: 'refused', code: 'withdrawn' });
  const withdrawn = report({ outcome: 'refused', code: 'withdrawn' });
  expect(fold({ records: [gone], reports: [withdrawn] })).toBeUndefined();
  expect(fold({ records: [gone], devices: [told()], reports: [withdrawn] })).toMatchObject({
    standing: 'issued',
    need: 'none',
  });
});

describe('a visit to a device that has its certificate by what is known', () => {
  const visit = own({
    id: recordId(2),
    createdAt: START + 50,
    state: 'bound',
    code: 'same_install',
    certificate: CERTIFICATE,
  });

  test.each(['installed', 'shown'] as const)('%s: it can be written again, and nobody needs to', (state) => {
    expect(fold({ records: [visit], devices: [told({ state })] })).toMatchObject({
      need: 'none',
      standing: state,
      certificate: CERTIFICATE,
    });
  });

  test('once it was written again, or the backend said something newer, nothing is left to write', () => {
    const devices = [told({ state: 'installed' })];
    expect(fold({ records: [{ ...visit, state: 'installed' }], devices })).not.toHaveProperty('certificate');
    const newer = [told({ state: 'installed', capturedAt: at(60) })];
    expect(fold({ records: [visit], devices: newer })).not.toHaveProperty('certificate');
  });
});

test.each(['amendment+jws', 'void+jws', 'confirmation+jws'] as const)(
  'a held %s waits for others, and is not over',
  (typ) => {
    const about = own({
      typ,
      id: recordId(3),
      state: 'held',
      code: 'clock_skew',
      about: recordId(1),
      place: { site: 'roof', digest: digest(801) },
    });
    const row = fold({ records: [about], devices: [told({ state: 'installed' })] });
    expect(row).toMatchObject({
      need: 'held',
      correcting: typ === 'amendment+jws',
      undoing: typ === 'void+jws',
      site: typ === 'amendment+jws' ? 'roof' : 'hall-3',
    });
  },
);

describe('what was decided since the backend last told of the device', () => {
  const about = (over: Partial<QueuedRecord>) =>
    own({
      ...{ id: recordId(3), seq: 3, state: 'noted', about: recordId(1), decidedAt: at(60) },
      ...{ place: { site: 'roof', digest: digest(801) }, ...over },
    });
  const correction = about({ typ: 'amendment+jws' });

  test('stands where it was corrected to, until the backend tells of a place from then or later', () => {
    const shown = (device: FieldDevice) => fold({ records: [correction], devices: [device] });
    expect(shown(told())).toMatchObject({ site: 'roof', correcting: false, need: 'none' });
    expect(shown(told({ placedAt: at(59) }))).toMatchObject({ site: 'roof' });
    expect(shown(told({ site: 'roof', placedAt: at(60) }))).toMatchObject({ site: 'roof' });
    expect(shown(told({ site: 'gate', placedAt: at(61) }))).toMatchObject({ site: 'gate' });
  });

  test('stands where a visit found it, until the backend tells of a place from then or later', () => {
    const visit = (over: Partial<QueuedRecord> = {}) =>
      own({
        ...{ id: recordId(4), seq: 4, state: 'bound', code: 'same_install', corrects: true },
        ...{
          createdAt: START + 50,
          decidedAt: at(60),
          place: { site: 'roof', digest: digest(801) },
          ...over,
        },
      });
    const shown = (record: QueuedRecord, device = told()) =>
      fold({ records: [record], devices: [device] })?.site;
    expect(shown(visit())).toBe('roof');
    expect(shown(visit(), told({ placedAt: at(59) }))).toBe('roof');
    expect(shown(visit(), told({ site: 'gate', placedAt: at(61) }))).toBe('gate');
    // One that left it where it stood, or that was to another installation of it, says nothing of where it is.
    const { corrects: _, ...left } = visit();
    expect(shown(left)).toBe('hall-3');
    expect(shown(visit(), told({ registration: recordId(9), capturedAt: at(70) }))).toBe('hall-3');
    expect(shown(visit({ domain: 'other.example.org' }))).toBe('hall-3');
    const amended = fold({
      records: [visit(), { ...correction, seq: 5, createdAt: START + 61, place: { digest: digest(802) } }],
      devices: [told()],
    });
    expect(amended?.site).toBeUndefined();
  });

  test('is on its way to be undone, until the backend tells that it is', () => {
    const undone = about({ typ: 'void+jws' });
    const shown = (device: FieldDevice) => fold({ records: [undone], devices: [device] });
    expect(shown(told())).toMatchObject({ undoing: true });
    const ended = told({ state: 'ended', ended: { code: 'withdrawn', at: at(60) } });
    expect(shown(ended)).toMatchObject({ undoing: false, standing: 'ended' });
    expect(shown(told({ registration: recordId(2) }))).toMatchObject({ undoing: false });
  });
});
