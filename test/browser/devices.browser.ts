// One phone and what is written to it, told step by step: its helpers are needed by all, so it is long.
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { FieldDevice, FieldDevices, FieldRecord } from '../../contract/field-device.ts';
import { FIRST_MINE, FIRST_WAITING, NEEDS_ME, NEEDS_OTHERS } from '../../src/ports/devices.ts';
import { IdbDevices } from '../../src/storage/devices.ts';
import { IdbOutbox } from '../../src/storage/outbox.ts';
import { received } from '../ports/outbox.suite.ts';
import {
  captureNext,
  change,
  crypto,
  DOMAIN,
  digest,
  ORG,
  queuedRecord,
  recordId,
} from '../support/records.ts';
import { dropDatabases, freshDatabase, openDatabase } from './databases.ts';

afterEach(dropDatabases);

const [INES, JO] = ['ines', 'jo'];
const NOW = Date.UTC(2026, 0, 2);

function phone(name = freshDatabase()) {
  const db = openDatabase(name);
  const outbox = new IdbOutbox(db, () => NOW);
  const titles = async () => new Map<string, string>();
  return { name, db, outbox, devices: new IdbDevices({ db, outbox, crypto, now: () => NOW, titles }) };
}

type Phone = ReturnType<typeof phone>;

/** Rows as an older version left them, or as this one would: without what nobody asks of here. */
async function put({ db }: Phone, rows: readonly ReturnType<typeof queuedRecord>[]): Promise<void> {
  await db.use(async (open) => {
    const tx = open.transaction('q', 'readwrite');
    for (const row of rows) await tx.store.put(row);
    await tx.done;
  });
}

async function signIn({ devices }: Phone, operator: string): Promise<void> {
  const { made } = await devices.keepFor({ operator, orgs: [ORG] });
  await made;
}

const refused = (seq: number, operator: string, udid = 'acme-1') =>
  queuedRecord({
    seq,
    udid,
    operator,
    operatorName: operator,
    kid: digest(operator === INES ? 900 : 901),
    state: 'refused',
    code: 'proof_wrong',
    decidedAt: '2026-01-01T00:00:00.000Z',
  });

describe('a phone that two people share', () => {
  test('what one has read of a refusal, the other has not', async () => {
    const shared = phone();
    await put(shared, [refused(1, INES), refused(2, JO)]);
    await signIn(shared, INES);
    expect((await shared.devices.device(ORG, 'acme-1'))?.need).toBe('refused');
    await shared.devices.read(ORG, 'acme-1');
    expect((await shared.devices.device(ORG, 'acme-1'))?.need).toBe('none');
    await signIn(shared, JO);
    expect((await shared.devices.device(ORG, 'acme-1'))?.need).toBe('refused');
  });

  test('what is unsent of the other is a number, and never a row', async () => {
    const shared = phone();
    const unsent = [3, 4].map((seq) => ({ ...refused(seq, JO, `acme-${seq}`), state: 'saved' as const }));
    await put(shared, [refused(1, INES), ...unsent]);
    await signIn(shared, INES);
    expect(await shared.devices.overview()).toMatchObject({
      devices: 1,
      needs: { refused: 1 },
      others: [{ name: JO, unsent: 2 }],
    });
    expect(await shared.devices.device(ORG, 'acme-3')).toBeUndefined();
    await signIn(shared, JO);
    expect(await shared.devices.overview()).toMatchObject({ devices: 2, needs: { send: 2 }, others: [] });
  });
});

test('an answer that whoever had the phone before asked for is not taken, and is asked for anew by its reader', async () => {
  const shared = phone();
  await signIn(shared, INES);
  await shared.devices.take(FOR_INES, answer('', 'a', { devices: [told('m-1')] }));
  const asked = [await shared.devices.cursor(ORG), FOR_INES];
  await signIn(shared, JO);
  const refusedToInes = {
    ...{ record: recordId(7), udid: 'm-7', names: [], domain: DOMAIN, outcome: 'refused' as const },
    ...{ at: '2026-01-01T10:00:00.000Z', by: INES, byName: INES, capturedAt: '2026-01-01T00:00:00.000Z' },
  };
  for (const from of asked)
    await shared.devices.take(
      from,
      answer(from.after, 'z', { devices: [told('m-2')], records: [refusedToInes] }),
    );
  expect(await udidsOf(shared)).toEqual([]);
  expect(await shared.devices.cursor(ORG)).toEqual({ org: ORG, after: '', reader: JO });
  expect(await shared.db.use((open) => open.count('told'))).toBe(0);
  await shared.devices.take(
    await shared.devices.cursor(ORG),
    answer('', 'b', { devices: [told('m-1'), told('m-2')] }),
  );
  expect(await udidsOf(shared)).toEqual(['m-1', 'm-2']);
});

test('rows that were half made when the phone died are all made by the next start, each once', async () => {
  const before = phone();
  const rows = Array.from({ length: 1_000 }, (_, n) => ({
    ...refused(n + 1, INES, `acme-${n}`),
    id: recordId(n + 1),
  }));
  await put(before, rows);
  // Four writes come through: it begins, and three slices of rows are made.
  let left = 4;
  const outbox = {
    subscribe: before.outbox.subscribe.bind(before.outbox),
    write: ((work) => {
      left -= 1;
      return left < 0 ? Promise.reject(new Error('the phone is off')) : before.outbox.write(work);
    }) as typeof before.outbox.write,
  };
  const titles = async () => new Map<string, string>();
  const dying = new IdbDevices({ db: before.db, outbox, crypto, now: () => NOW, titles });
  const { made } = await dying.keepFor({ operator: INES, orgs: [ORG] });
  await expect(made).rejects.toThrow('the phone is off');
  expect(await before.devices.overview()).toMatchObject({ devices: 600 });
  const after = phone(before.name);
  await signIn(after, INES);
  await signIn(after, INES);
  expect(await after.devices.overview()).toMatchObject({ devices: 1_000, needs: { refused: 1_000 } });
  const first = await after.devices.find({ needs: ['refused'], limit: 25 });
  expect([first.rows.length, first.of]).toEqual([25, 1_000]);
});

test('a search that failed once is made anew by the next one', async () => {
  const { db, outbox, ...rest } = phone();
  await put({ db, outbox, ...rest }, [refused(1, INES)]);
  let isLost = true;
  const titles = async () => {
    if (isLost) throw new Error('lost');
    return new Map<string, string>();
  };
  const devices = new IdbDevices({ db, outbox, crypto, now: () => NOW, titles });
  await signIn({ ...rest, db, outbox, devices }, INES);
  await expect(devices.find({ words: 'ACME-1', limit: 25 })).rejects.toThrow('lost');
  isLost = false;
  expect(await devices.find({ words: 'ACME-1', limit: 25 })).toMatchObject({ of: 1 });
});

const told = (udid: string, over: Partial<FieldDevice> = {}): FieldDevice => ({
  ...{ maker: 'acme', udid, names: [], domain: DOMAIN, place: digest(1), state: 'installed' },
  ...{ registration: recordId(1), by: JO, byName: 'Jo Brook', capturedAt: '2026-01-01T00:00:00.000Z' },
  unproven: false,
  ...over,
});

const FOR_INES = { org: ORG, after: '', reader: INES };

const answer = (after: string, cursor: string, over: Partial<FieldDevices> = {}): FieldDevices => ({
  ...{ after, cursor, more: false, devices: [], records: [] },
  ...over,
});

const udidsOf = async ({ devices }: Phone) =>
  (await devices.find({ limit: 1_000 })).rows.map(({ udid }) => udid).sort();

describe('what the backend tells', () => {
  test('comes in pages; told from the start, what is not named again is gone, at the end and not before', async () => {
    const one = phone();
    await signIn(one, INES);
    await one.devices.take(FOR_INES, answer('', 'a', { more: true, devices: [told('m-1'), told('m-2')] }));
    await one.devices.take(FOR_INES, answer('a', 'b', { devices: [told('m-3')] }));
    expect(await udidsOf(one)).toEqual(['m-1', 'm-2', 'm-3']);
    await one.devices.take(FOR_INES, answer('', 'c', { more: true, devices: [told('m-3')] }));
    expect(await udidsOf(one)).toEqual(['m-1', 'm-2', 'm-3']);
    await one.devices.take(FOR_INES, answer('c', 'd', { devices: [told('m-4')] }));
    expect(await udidsOf(one)).toEqual(['m-3', 'm-4']);
    expect(await one.devices.overview()).toMatchObject({ devices: 2, needs: { none: 2 } });
  });

  test('an older answer that another tab was given undoes nothing', async () => {
    const one = phone();
    await signIn(one, INES);
    await one.devices.take(FOR_INES, answer('', 'a', { devices: [told('m-1')] }));
    await one.devices.take(FOR_INES, answer('a', 'b', { devices: [told('m-1', { state: 'shown' })] }));
    await one.devices.take(FOR_INES, answer('a', 'b0', { devices: [told('m-1', { state: 'issued' })] }));
    expect((await one.devices.device(ORG, 'm-1'))?.standing).toBe('shown');
    expect((await one.devices.cursor(ORG)).after).toBe('b');
  });

  test('a report that was read of stays read when it is told again, until it is decided anew; settled ones go', async () => {
    const one = phone();
    await signIn(one, INES);
    const report = (at: string) => ({
      ...{ record: recordId(7), udid: 'm-7', names: [], domain: DOMAIN, outcome: 'refused' as const, at },
      ...{ by: INES, byName: 'Ines', capturedAt: '2026-01-01T00:00:00.000Z' },
    });
    const need = async () => (await one.devices.device(ORG, 'm-7'))?.need;
    const first = report('2026-01-01T10:00:00.000Z');
    await one.devices.take(FOR_INES, answer('', 'a', { records: [first] }));
    expect(await need()).toBe('refused');
    await one.devices.read(ORG, 'm-7');
    await one.devices.take(FOR_INES, answer('', 'b', { records: [first] }));
    expect(await need()).toBe('none');
    await one.devices.take(FOR_INES, answer('b', 'c', { records: [report('2026-01-01T11:00:00.000Z')] }));
    expect(await need()).toBe('refused');
    const settled = { ...report('2026-01-01T12:00:00.000Z'), outcome: 'settled' as const };
    await one.devices.take(FOR_INES, answer('c', 'd', { records: [settled] }));
    expect(await need()).toBeUndefined();
  });

  test('an organisation that was left is forgotten, but for own work that is not done', async () => {
    const one = phone();
    const sent = (seq: number, state: 'bound' | 'saved' | 'refused') => ({
      ...refused(seq, INES, `acme-${seq}`),
      ...(state === 'refused' ? {} : { state, code: null }),
    });
    await put(one, [sent(1, 'bound'), sent(2, 'saved'), sent(3, 'refused')]);
    await signIn(one, INES);
    await one.devices.take(FOR_INES, answer('', 'a', { devices: [told('m-1')] }));
    expect(await udidsOf(one)).toEqual(['acme-1', 'acme-2', 'acme-3', 'm-1']);
    await (await one.devices.keepFor({ operator: INES, orgs: ['other'] })).made;
    expect(await udidsOf(one)).toEqual(['acme-2', 'acme-3']);
    expect(await one.devices.overview()).toMatchObject({ devices: 2, needs: { send: 1, refused: 1 } });
    await one.devices.read(ORG, 'acme-3');
    expect(await udidsOf(one)).toEqual(['acme-2']);
    await signIn(one, INES);
    expect(await udidsOf(one)).toEqual(['acme-1', 'acme-2', 'acme-3']);
    expect((await one.devices.cursor(ORG)).after).toBe('');
  });

  test('a phone with a newer app keeps what it was told, and asks for all of it anew', async () => {
    const one = phone();
    await signIn(one, INES);
    await one.devices.take(FOR_INES, answer('', 'a', { devices: [told('m-1'), told('m-2')] }));
    await one.db.use(async (db) => {
      const reader = (await db.get('meta', 'devices')) as object;
      await db.put('meta', { ...reader, version: 2 }, 'devices');
    });
    await signIn(one, INES);
    expect(await udidsOf(one)).toEqual(['m-1', 'm-2']);
    expect(await one.devices.overview()).toMatchObject({ devices: 2 });
    expect((await one.devices.cursor(ORG)).after).toBe('');
    await one.devices.take(FOR_INES, answer('', 'b', { devices: [told('m-2')] }));
    expect(await udidsOf(one)).toEqual(['m-2']);
  });

  test('two makers that use one serial are one row, of the one that lives', async () => {
    const one = phone();
    await signIn(one, INES);
    const ended = told('s-1', { maker: 'bolt', state: 'ended', position: 'Cellar' });
    await one.devices.take(
      FOR_INES,
      answer('', 'a', { devices: [ended, told('s-1', { position: 'Roof' })] }),
    );
    expect(await one.devices.known('s-1')).toMatchObject([{ maker: 'acme', position: 'Roof' }]);
    expect(await one.devices.overview()).toMatchObject({ devices: 1 });
  });
});

test('a rejected registration that somebody read of needs nobody, until it is sent and rejected again', async () => {
  const one = phone();
  await put(one, [{ ...refused(1, INES), state: 'rejected', code: 'bad_signature', decidedAt: null }]);
  await signIn(one, INES);
  const now = async () => {
    const row = await one.devices.device(ORG, 'acme-1');
    return [row?.need, row?.standing];
  };
  expect(await now()).toEqual(['rejected', 'undecided']);
  await one.devices.read(ORG, 'acme-1');
  expect(await now()).toEqual(['none', 'refused']);
  await one.outbox.retry(recordId(1));
  expect(await now()).toEqual(['send', 'saved']);
  expect((await one.outbox.record(recordId(1)))?.read).toBeUndefined();
});

test('what becomes due needs its person when its time has come, many of them in slices', async () => {
  let now = NOW;
  const db = openDatabase(freshDatabase());
  const outbox = new IdbOutbox(db, () => now);
  const titles = async () => new Map<string, string>();
  const devices = new IdbDevices({ db, outbox, crypto, now: () => now, titles });
  await (await devices.keepFor({ operator: INES, orgs: [ORG] })).made;
  const due = Array.from({ length: 450 }, (_, n) =>
    told(`m-${n}`, { renewFrom: '2026-02-01T00:00:00.000Z', notAfter: '2026-03-01T00:00:00.000Z' }),
  );
  await devices.take(FOR_INES, answer('', 'a', { devices: due }));
  expect(await devices.overview()).toMatchObject({ needs: { none: 450 } });
  now = Date.UTC(2026, 1, 1);
  let writes = 0;
  const write = outbox.write.bind(outbox);
  outbox.write = (work) => {
    writes += 1;
    return write(work);
  };
  expect((await devices.overview()).needs).toEqual({ renew: 450 });
  expect(writes).toBe(3);
});

describe('at a site and by words', () => {
  const SITE = { site: 'mill-house', siteTitle: 'Mühle' };
  const at = { org: ORG, domain: DOMAIN, site: SITE.site };

  async function house() {
    const db = openDatabase(freshDatabase());
    const outbox = new IdbOutbox(db, () => NOW);
    const titles = async () => new Map([[DOMAIN, 'Oak Street']]);
    const one = {
      ...{ name: '', db, outbox },
      devices: new IdbDevices({ db, outbox, crypto, now: () => NOW, titles }),
    };
    await signIn(one, INES);
    const names = ['02:B0:00:00:00:30', '490154203237518', 'SN-77/A'];
    const devices = [
      told('d-10', { ...SITE, position: 'Flat 10', names, model: 'Meter 42' }),
      told('d-2', { ...SITE, position: 'Flat 2', renewFrom: '2026-02-01T00:00:00.000Z' }),
      told('d-1', { ...SITE, position: 'Flat 1', renewFrom: '2026-01-01T00:00:00.000Z' }),
      told('d-3', { ...SITE, position: 'Flat 11', state: 'issuing' }),
      told('d-4', { byName: 'Kim Vale' }),
    ];
    await one.devices.take(FOR_INES, answer('', 'a', { devices }));
    return one;
  }

  test('rows stand in the order people count in, searched or not, whatever they need', async () => {
    const one = await house();
    const order = ['Flat 1', 'Flat 2', 'Flat 10', 'Flat 11'];
    for (const words of ['', 'flat', 'mill']) {
      const { rows, of } = await one.devices.find({ at, words, limit: 25 });
      expect([rows.map(({ position }) => position), of]).toEqual([order, 4]);
    }
    const page = await one.devices.find({ at, words: 'flat', limit: 2, skip: 1 });
    expect(page.rows.map(({ position }) => position)).toEqual(['Flat 2', 'Flat 10']);
  });

  test.each([
    ...['02:B0:00:00:00:30', '02-b0-00-00-00-30', '02b0.0000.0030', '02B000000030', '02 b0 00 00 00 30'],
    ...['b0:00:00', '490154203237518', '49 015420 323751 8', 'sn-77/a', 'SN77A', 'meter 42', 'METER'],
    ...['mühle flat 10', 'Mu\u0308hle 10', 'oak flat 10'],
  ])('%j finds the device', async (words) => {
    const one = await house();
    const found = await one.devices.find({ words, limit: 25 });
    expect(found.rows.map(({ udid }) => udid)).toContain('d-10');
    expect(found.of).toBeLessThan(5);
  });

  test('a person, a domain and words that nothing has', async () => {
    const one = await house();
    const of = async (words: string) => (await one.devices.find({ words, limit: 25 })).of;
    expect([await of('kim'), await of('oak street'), await of('oak elm'), await of('Jo Brook')]).toEqual([
      1, 5, 0, 4,
    ]);
  });
});

const held = (n: number, udid: string): FieldRecord => ({
  ...{ record: recordId(n), udid, names: [], domain: DOMAIN, outcome: 'held', by: JO, byName: JO },
  ...{ at: '2026-01-01T00:00:00.000Z', capturedAt: '2026-01-01T00:00:00.000Z' },
});

test('the first screen has the first rows of those that need somebody, and no more', async () => {
  const one = phone();
  await signIn(one, INES);
  const devices = Array.from({ length: 30 }, (_, n) =>
    told(`m-${n}`, { renewFrom: '2026-01-01T00:00:00.000Z' }),
  );
  const records = Array.from({ length: 7 }, (_, n) => held(n + 1, `h-${n}`));
  await one.devices.take(FOR_INES, answer('', 'a', { devices, records }));
  const { mine, waiting, needs } = await one.devices.overview();
  expect([needs, mine.length, waiting.length]).toEqual([{ renew: 30, held: 7 }, FIRST_MINE, FIRST_WAITING]);
  const gone = mine.slice(0, 10).map(({ udid }) => told(udid, { state: 'ended' }));
  await one.devices.take(FOR_INES, answer('a', 'b', { devices: gone }));
  expect((await one.devices.overview()).mine.map(({ need, udid }) => [need, udid])).toEqual(
    (await one.devices.find({ needs: ['renew'], limit: 100 })).rows.map(({ need, udid }) => [need, udid]),
  );
  await signIn(one, JO);
  expect((await one.devices.overview()).mine).toEqual([]);
});

test('counts are those of the rows, whatever was written in which order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          org: fc.constantFrom(ORG, 'other'),
          udid: fc.constantFrom('m-1', 'm-2', 'm-3', 'm-4'),
          maker: fc.constantFrom('acme', 'bolt'),
          state: fc.constantFrom('issuing', 'issued', 'installed', 'shown', 'ended'),
          site: fc.constantFrom('a', 'b', undefined),
          renewFrom: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'),
          does: fc.constantFrom('tell', 'begin', 'hold', 'capture', 'read', 'sign in'),
        }),
        { maxLength: 25 },
      ),
      async (steps) => {
        const one = phone();
        await signIn(one, INES);
        for (const [n, { org, udid, does, site, ...rest }] of steps.entries()) {
          const device = told(udid, { ...rest, ...(site === undefined ? {} : { site }) });
          if (does === 'read') await one.devices.read(org, udid);
          else if (does === 'sign in')
            await (await one.devices.keepFor({ operator: n % 3 === 0 ? JO : INES, orgs: [ORG, 'other'] }))
              .made;
          else if (does === 'hold') {
            const from = await one.devices.cursor(org);
            await one.devices.take(from, answer(from.after, `h${n}`, { records: [held(n, udid)] }));
          } else if (does === 'capture')
            await captureNext(one.outbox, {
              org,
              udid,
              operator: n % 2 === 0 ? JO : INES,
              operatorName: 'x',
            });
          else {
            const from = await one.devices.cursor(org);
            const after = does === 'begin' ? '' : from.after;
            await one.devices.take(from, answer(after, `c${n}`, { devices: [device] }));
          }
        }
        const overview = await one.devices.overview();
        const sites = await one.devices.sites();
        const { rows, of } = await one.devices.find({ limit: 1_000 });
        const needs: Record<string, number> = {};
        for (const { need } of rows) needs[need] = (needs[need] ?? 0) + 1;
        expect([overview.devices, of]).toEqual([rows.length, rows.length]);
        expect(overview.needs).toEqual(needs);
        expect(overview.mine).toEqual(rows.filter(({ need }) => NEEDS_ME.has(need)).slice(0, FIRST_MINE));
        expect(overview.waiting).toEqual(
          rows.filter(({ need }) => NEEDS_OTHERS.includes(need)).slice(0, FIRST_WAITING),
        );
        const standing = rows.filter((row) => row.standing !== 'ended');
        expect(sites.reduce((sum, { devices }) => sum + devices, 0)).toBe(standing.length);
        for (const { devices, needMe, ...at } of sites) {
          const here = await one.devices.find({ at, limit: 1_000 });
          const live = here.rows.filter((row) => row.standing !== 'ended');
          expect([devices, needMe]).toEqual([
            live.length,
            live.filter(({ need }) => NEEDS_ME.has(need)).length,
          ]);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('the name of a site that was not taken needs its person, and nobody once it is read', async () => {
  const db = openDatabase(freshDatabase());
  const outbox = new IdbOutbox(db, () => NOW);
  const devices = new IdbDevices({ db, outbox, crypto, now: () => NOW, titles: async () => new Map() });
  await (await devices.keepFor({ operator: INES, orgs: [ORG] })).made;
  const { row } = await captureNext(outbox, { typ: 'site+jws', udid: '', operator: INES });
  await outbox.lease({ owner: 'x', now: NOW, until: NOW + 1, limit: 1, force: true, alone: false });
  await outbox.settle([received(row.id)]);
  expect((await devices.overview()).stuck).toEqual([]);
  await outbox.applyChanges(ORG, 'c1', [change(row.id, { outcome: 'refused', code: 'site_conflict' })]);
  expect(await devices.overview()).toMatchObject({ stuck: [row.id], devices: 0 });
  await devices.read(ORG, '', recordId(999));
  expect((await devices.overview()).stuck).toEqual([row.id]);
  await devices.read(ORG, '', row.id);
  expect((await devices.overview()).stuck).toEqual([]);
});

test('to read of a refusal leaves what waits for others waiting', async () => {
  const db = openDatabase(freshDatabase());
  const outbox = new IdbOutbox(db, () => NOW);
  const devices = new IdbDevices({ db, outbox, crypto, now: () => NOW, titles: async () => new Map() });
  await (await devices.keepFor({ operator: INES, orgs: [ORG] })).made;
  const told = (n: number, outcome: FieldRecord['outcome'], by: string): FieldRecord => ({
    ...{ record: recordId(n), udid: 'm-1', names: [], domain: DOMAIN, outcome, by, byName: by },
    ...{ at: '2026-01-01T00:00:00.000Z', capturedAt: '2026-01-01T00:00:00.000Z' },
  });
  const records = [told(71, 'held', JO), told(72, 'refused', INES)];
  await devices.take(FOR_INES, answer('', 'a', { records }));
  await devices.read(ORG, 'm-1');
  const kept = await db.use((open) => open.getAllFromIndex('told', 'udid', [ORG, 'm-1']));
  expect(kept.map(({ report: one }) => [one?.outcome, one?.read === true]).sort()).toEqual([
    ['held', false],
    ['refused', true],
  ]);
});
