import { openDB } from 'idb';
import { afterEach, describe, expect, test } from 'vitest';
import type { ListChanges } from '../../contract/list-changes.ts';
import { concat, toBase64Url } from '../../core/bytes.ts';
import { OperatorKeyStore } from '../../src/storage/operator-key.ts';
import { IdbWorkStore } from '../../src/storage/work-store.ts';
import { digest, listRow, ORG, workPack } from '../support/records.ts';
import { MemoryWork } from '../support/records-backend.ts';
import { TestStatements } from '../support/records-statements.ts';
import { dropDatabases, freshDatabase, openDatabase } from './databases.ts';

afterEach(dropDatabases);

const open = (name = freshDatabase()) => {
  const db = openDatabase(name);
  return { name, db, work: new IdbWorkStore(db, new OperatorKeyStore(db)) };
};

/** A digest for each number, scattered over all first bytes. */
const nth = (n: number) =>
  Uint8Array.from({ length: 12 }, (_, at) => (at === 0 ? (n * 37) % 256 : (n >> (at * 3)) % 256));
const many = (...numbers: number[]) => toBase64Url(concat(...numbers.map(nth)));
const place = (n: number) => `${'l'.repeat(16)}.${n}.0`;

let count = 0;
function part(over: Partial<ListChanges>, there: readonly number[] = []) {
  const to = place(++count);
  const base = { aud: 'a', org: ORG, after: place(count - 1), to, more: false, whole: true };
  const changes: ListChanges = {
    ...{ ...base, salt: digest(9), digests: digest(1), gone: '', moved: '', rows: [] },
    ...over,
  };
  return { org: changes.org, changes, digests: concat(...there.map(nth)), etag: `"${to}"` };
}

async function listOf({ work }: { work: Pick<IdbWorkStore, 'packs'> }, org = ORG) {
  const list = (await work.packs()).find(({ pack }) => pack.org === org)?.list;
  if (list === undefined) throw new Error('no list');
  return list;
}
const withPack = async () => {
  const phone = open();
  await phone.work.savePack('a.b.c', { pack: workPack(), digest: 'd', etag: '"1"' });
  return phone;
};
const row = (n: number) => ({ digest: toBase64Url(nth(n)), row: listRow({ udid: `acme-${n}` }) });

describe('the list of a pack', () => {
  test('is found by its digests, in every part of it, and by nothing else', async () => {
    const phone = await withPack();
    const all = Array.from({ length: 2000 }, (_, n) => n);
    await phone.work.saveList(part({ after: '' }, all));
    const list = await listOf(phone);
    expect(list).toMatchObject({ whole: true, size: 2000, rows: [] });
    for (const n of all) expect(await list.has(toBase64Url(nth(n)))).toBe(true);
    for (let n = 2000; n < 2300; n++) expect(await list.has(toBase64Url(nth(n)))).toBe(false);
    for (const odd of ['', '****', 'AAAA', 'A'.repeat(20)]) expect(await list.has(odd)).toBe(false);
  });

  test('is not whole while more is to come, or while the backend knows of rows that it cannot tell yet', async () => {
    const phone = await withPack();
    await phone.work.saveList(part({ after: '', more: true }, [1]));
    expect((await listOf(phone)).whole).toBe(false);
    await phone.work.saveList(part({ whole: false }, [2]));
    expect((await listOf(phone)).whole).toBe(false);
    await phone.work.saveList(part({}, [3]));
    expect(await listOf(phone)).toMatchObject({ whole: true, size: 3 });
  });

  test('loses what has gone, keeps of what moved the digest only, and begins anew where it is told to', async () => {
    const phone = await withPack();
    await phone.work.saveList(part({ after: '', rows: [row(1), row(2), row(3)] }, [1, 2, 3, 4]));
    await phone.work.saveList(part({ gone: many(1, 4), moved: many(2) }));
    const list = await listOf(phone);
    expect(list.rows.map(({ udid }) => udid)).toEqual(['acme-3']);
    expect(await Promise.all([1, 2, 3, 4].map((n) => list.has(toBase64Url(nth(n)))))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    await phone.work.saveList(part({ after: '' }, [9]));
    expect(await listOf(phone)).toMatchObject({ size: 1, rows: [] });
  });

  test('is what it would be in memory, after any changes, each of them made once or twice', async () => {
    const phone = await withPack();
    const memory = new MemoryWork();
    let seed = 7;
    const next = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    const some = () => Array.from({ length: next(30) }, () => next(200));
    await phone.work.saveList(part({ after: '' }));
    await memory.saveList(part({ after: '' }));
    for (let round = 0; round < 60; round++) {
      const there = some();
      const gone = some().filter((n) => !there.includes(n));
      const rows = there.slice(0, 5).map(row);
      const moved = some().filter((n) => !there.includes(n));
      const one = part({ gone: many(...gone), moved: many(...moved), rows }, there);
      for (let times = 0; times <= next(2); times++) await phone.work.saveList(one);
      await memory.saveList(one);
    }
    const [list, wanted] = [await listOf(phone), memory.lists.get(ORG)];
    expect(list.size).toBe(wanted?.size);
    const names = (rows: readonly { udid: string }[] = []) => rows.map(({ udid }) => udid).sort();
    expect(names(list.rows)).toEqual(names(wanted?.rows));
    for (let n = 0; n < 200; n++)
      expect(await list.has(toBase64Url(nth(n)))).toBe(await wanted?.has(toBase64Url(nth(n))));
  });

  test('goes with its organisation, and another one’s stays', async () => {
    const phone = await withPack();
    await phone.work.savePack('a.b.c', { pack: workPack({ org: 'other' }), digest: 'e', etag: '"1"' });
    await phone.work.saveList(part({ after: '', rows: [row(1)] }, [1]));
    await phone.work.saveList(part({ after: '', org: 'other', rows: [row(2)] }, [2]));
    await phone.work.keepPacksOf(['other']);
    const left = await phone.db.use(async (db) => [
      await db.getAllKeys('list'),
      (await db.getAllKeys('digests')).map(([org]) => org),
      (await db.getAllKeys('plain')).map(([org]) => org),
    ]);
    expect(left).toEqual([['other'], ['other'], ['other']]);
    expect(await (await listOf(phone, 'other')).has(toBase64Url(nth(2)))).toBe(true);
  });

  test('takes many digests, of which a question reads one part', async () => {
    const phone = await withPack();
    const random = (length: number) => {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += 65_536)
        globalThis.crypto.getRandomValues(bytes.subarray(at, Math.min(length, at + 65_536)));
      return bytes;
    };
    let last = new Uint8Array();
    for (let n = 0; n < 4; n++) {
      last = random(50_000 * 12);
      await phone.work.saveList({
        ...part({ after: n === 0 ? '' : place(count), more: n < 3 }),
        digests: last,
      });
    }
    const list = await listOf(phone);
    expect(list).toMatchObject({ whole: true, size: 200_000 });
    expect(await list.has(toBase64Url(last.subarray(0, 12)))).toBe(true);
    const stored = await phone.db.use((db) => db.get('digests', [ORG, 7]));
    expect(stored?.bytes.length).toBeLessThan(12 * 1000);
  });
});

test('a pack that an older version stored keeps the list inside it until there is one beside it', async () => {
  const name = freshDatabase();
  const older = await openDB(name, 3, {
    upgrade(db) {
      for (const [store, keyPath] of [
        ['env', 'id'],
        ['rcpt', 'id'],
        ['pack', 'org'],
        ['draft', 'id'],
        ['simulated', 'udid'],
        ['photo', 'digest'],
        ['blob', 'digest'],
      ] as const)
        db.createObjectStore(store, { keyPath });
      for (const store of ['meta', 'keys', 'ballast']) db.createObjectStore(store);
      db.createObjectStore('q', { keyPath: 'id' });
    },
  });
  const pack = workPack({ rows: [listRow()] });
  const jws = await (await TestStatements.create()).sign('pack+jws', pack);
  await older.put('pack', { org: ORG, jws, digest: 'd', etag: '"1"' });
  older.close();
  const { work } = open(name);
  const [stored] = await work.packs();
  expect(stored?.pack.rows).toHaveLength(1);
  expect(stored).not.toHaveProperty('list');
  await work.saveList(part({ after: '' }, [1]));
  const [now] = await work.packs();
  expect(now?.list).toMatchObject({ whole: true, size: 1 });
});
