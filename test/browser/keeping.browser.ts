import { type IDBPDatabase, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cdp } from 'vitest/browser';
import { toBase64Url } from '../../core/bytes.ts';
import { CHAIN_START } from '../../core/envelope.ts';
import { checkJournal } from '../../src/effects/safety/check-journal.ts';
import { withCopies } from '../../src/effects/safety/watch-storage.ts';
import { fillBallast, releaseBallast } from '../../src/storage/ballast.ts';
import { OpfsJournal } from '../../src/storage/journal.ts';
import { received, sendAll, terms } from '../ports/outbox.suite.ts';
import { captureNext, certificate, change, digest, newRecord, ORG } from '../support/records.ts';
import { dropDatabases, freshDatabase, openDatabase, openOutbox } from './databases.ts';

interface Devtools {
  send(method: string, params: object): Promise<unknown>;
}
const devtools = () => cdp() as unknown as Devtools;
const { origin } = location;

afterEach(dropDatabases);

describe('the reserve', () => {
  afterEach(() => devtools().send('Storage.overrideQuotaForOrigin', { origin }));

  test('lets the record through that a full phone would have refused, at once, and says so', async () => {
    await devtools().send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
    await devtools().send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 7 * 1024 * 1024 });
    const { db, outbox } = openOutbox(freshDatabase());
    let told = 0;
    outbox.onReserveUsed = () => told++;
    const first = await captureNext(outbox);
    // Its own rule would not fill it here any more: it is put as it would have been earlier.
    const bytes = new Uint8Array(4 * 1024 * 1024);
    for (let at = 0; at < bytes.length; at += 65_536)
      globalThis.crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    await db.use((open) => open.put('ballast', bytes, 'reserve'));
    const random = () => toBase64Url(globalThis.crypto.getRandomValues(new Uint8Array(65_536)));
    const large = {
      ...newRecord({ seq: 1, digest: first.row.digest }),
      jws: Array.from({ length: 40 }, random).join(''),
    };
    expect(await outbox.append(large)).toBe('stored');
    expect(told).toBe(1);
    expect((await outbox.lease(terms())).map(({ row }) => row.id)).toContain(large.row.id);
  });

  test('is made once, given back once', async () => {
    const db = openDatabase(freshDatabase());
    expect(await fillBallast(db)).toBe(true);
    expect(await fillBallast(db)).toBe(true);
    expect(await db.use((open) => open.count('ballast'))).toBe(1);
    expect(await releaseBallast(db)).toBe(true);
    expect(await releaseBallast(db)).toBe(false);
  });
});

describe('the second copy', () => {
  let journal: OpfsJournal;
  const folder = 'outbox-test';
  beforeEach(async () => {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(folder, { recursive: true }).catch(() => undefined);
    const opened = await OpfsJournal.open(folder);
    if (opened === undefined) throw new Error('no private file system');
    journal = opened;
  });

  test('puts back what the database lost, whole chain and counts, and forgets what was sent', async () => {
    const { db, outbox } = openOutbox(freshDatabase());
    const copied = withCopies(outbox, async () => journal);
    const rows = [];
    for (let i = 0; i < 5; i++) rows.push((await captureNext(copied, { udid: `d-${i}` })).row);
    await expect.poll(async () => (await journal.ids()).size).toBe(5);
    const [sent, lost, torn] = rows.map(({ id }) => id) as [string, string, string];
    await outbox.lease(terms({ limit: 1 }));
    await outbox.settle([received(sent)]);
    await db.use(async (open) => {
      await open.delete('q', lost);
      await open.delete('env', lost);
      await open.delete('env', torn);
      await open.put('meta', { counts: { saved: 3, received: 1 }, certificatesWaiting: 0 }, 'sum');
    });
    expect(await checkJournal(outbox, journal)).toEqual({ restored: 2, torn: 0 });
    expect((await outbox.summary()).counts).toEqual({ saved: 4, received: 1 });
    expect((await journal.ids()).has(sent)).toBe(false);
    const leased = await outbox.lease(terms());
    expect(leased.map(({ row, jws }) => [row.seq, jws])).toEqual(
      rows.slice(1).map((row) => [row.seq, `envelope of ${row.digest}`]),
    );
    expect(await checkJournal(outbox, journal)).toEqual({ restored: 0, torn: 0 });
  });

  test('puts back what had been sent and decided meanwhile: its outcome is asked for again', async () => {
    const first = openOutbox(freshDatabase()).outbox;
    const copied = withCopies(first, async () => journal);
    const { row } = await captureNext(copied);
    await expect.poll(async () => (await journal.ids()).size).toBe(1);
    const { outbox } = openOutbox(freshDatabase());
    await outbox.applyChanges(ORG, 'c1', [change(row.id, { certificate: certificate() })]);
    expect(await checkJournal(outbox, journal)).toEqual({ restored: 1, torn: 0 });
    await sendAll(outbox);
    expect(await outbox.cursor(ORG)).toBe('');
    await outbox.applyChanges(ORG, 'c1', [change(row.id, { certificate: certificate() })]);
    expect((await outbox.certificatesWaiting()).map(({ id }) => id)).toEqual([row.id]);
  });

  test('of a colleague’s record, taken by code, begins no chain either', async () => {
    const { outbox } = openOutbox(freshDatabase());
    const { row, jws } = newRecord({ seq: 6, digest: digest(1) }, { kid: digest(950) });
    await outbox.take({ row, jws });
    await checkJournal(outbox, journal);
    const again = openOutbox(freshDatabase()).outbox;
    expect(await checkJournal(again, journal)).toEqual({ restored: 1, torn: 0 });
    expect(await again.head(digest(950))).toEqual(CHAIN_START);
    expect(await again.record(row.id)).toMatchObject({ state: 'saved', origin: 'code' });
    const other = newRecord({ seq: 7, digest: row.digest }, { kid: digest(950) });
    expect(await again.take(other)).toBe('taken');
  });

  test('counts that are not those of the rows are made so', async () => {
    const { db, outbox } = openOutbox(freshDatabase());
    for (let i = 0; i < 3; i++) await captureNext(outbox, { udid: `d-${i}` });
    await outbox.recount();
    expect((await outbox.summary()).counts).toEqual({ saved: 3 });
    await db.use((open) => open.clear('q'));
    expect((await outbox.summary()).unsent).toBe(3);
    await outbox.recount();
    expect((await outbox.summary()).unsent).toBe(0);
  });

  test('fills a database that begins anew, so that the chain goes on where it was', async () => {
    const { outbox } = openOutbox(freshDatabase());
    const copied = withCopies(outbox, async () => journal);
    for (let i = 0; i < 3; i++) await captureNext(copied, { udid: `d-${i}` });
    await expect.poll(async () => (await journal.ids()).size).toBe(3);
    const again = openOutbox(freshDatabase()).outbox;
    expect(await checkJournal(again, journal)).toEqual({ restored: 3, torn: 0 });
    expect(await again.head(digest(900))).toEqual(await outbox.head(digest(900)));
  });

  test('is made for records older than it; what is gone from both is said', async () => {
    const { db, outbox } = openOutbox(freshDatabase());
    const { row } = await captureNext(outbox, { udid: 'a' });
    const gone = await captureNext(outbox, { udid: 'b' });
    await db.use((open) => open.delete('env', gone.row.id));
    expect(await checkJournal(outbox, journal)).toEqual({ restored: 0, torn: 1 });
    expect(await journal.ids()).toEqual(new Set([row.id]));
  });

  test('is written anew where its writing was cut short', async () => {
    const { outbox } = openOutbox(freshDatabase());
    const { row } = await captureNext(outbox);
    const root = await navigator.storage.getDirectory();
    await (await root.getDirectoryHandle(folder)).getFileHandle(row.id, { create: true });
    expect((await journal.ids()).size).toBe(0);
    expect(await checkJournal(outbox, journal)).toEqual({ restored: 0, torn: 0 });
    expect(await journal.ids()).toEqual(new Set([row.id]));
    expect(await journal.read(row.id)).toMatchObject({ row: { id: row.id } });
  });

  test('a file cut short is no record', async () => {
    const root = await navigator.storage.getDirectory();
    const directory = await root.getDirectoryHandle(folder);
    const file = await directory.getFileHandle('broken', { create: true });
    const writing = await file.createWritable();
    await writing.write('{"row":{"id":"bro');
    await writing.close();
    expect(await journal.read('broken')).toBeUndefined();
    const { outbox } = openOutbox(freshDatabase());
    expect(await checkJournal(outbox, journal)).toEqual({ restored: 0, torn: 0 });
  });
});

describe('an older version’s database', () => {
  /** As version 1 made it. */
  function first(db: IDBPDatabase): void {
    db.createObjectStore('env', { keyPath: 'id' });
    const q = db.createObjectStore('q', { keyPath: 'id' });
    q.createIndex('created', 'createdAt');
    q.createIndex('state', ['state', 'seq']);
    q.createIndex('device', ['udid', 'createdAt']);
    q.createIndex('collect', ['state', 'createdAt']);
    db.createObjectStore('meta');
    db.createObjectStore('rcpt', { keyPath: 'id' });
    db.createObjectStore('keys');
    db.createObjectStore('pack', { keyPath: 'org' });
    db.createObjectStore('draft', { keyPath: 'id' });
    db.createObjectStore('simulated', { keyPath: 'udid' });
  }

  const openFirst = (name: string) =>
    openDB(name, 1, {
      upgrade: first,
      blocking: (_current, _next, event) => (event.target as IDBDatabase).close(),
    });

  test('is upgraded while the old version is still writing, and nothing it wrote is lost', async () => {
    const name = freshDatabase();
    const old = await openFirst(name);
    const written: string[] = [];
    let head = CHAIN_START;
    const writing = (async () => {
      for (;;) {
        const record = newRecord(head, { udid: `d-${written.length}` });
        try {
          const tx = old.transaction(['env', 'q', 'meta'], 'readwrite', { durability: 'strict' });
          await tx.objectStore('env').add({ id: record.row.id, jws: record.jws, digest: record.row.digest });
          await tx.objectStore('q').put(record.row);
          await tx.objectStore('meta').put(record.head, `head:${record.row.kid}`);
          await tx
            .objectStore('meta')
            .put({ counts: { saved: written.length + 1 }, certificatesWaiting: 0 }, 'sum');
          await tx.done;
        } catch {
          return; // it was asked to give way
        }
        written.push(record.row.id);
        head = record.head;
      }
    })();
    await expect.poll(() => written.length).toBeGreaterThan(20);
    const { outbox } = openOutbox(name);
    expect((await outbox.summary()).unsent).toBeGreaterThan(20);
    await writing;
    const next = await captureNext(outbox, { udid: 'after' });
    expect(next.row.seq).toBe(written.length + 1);
    expect((await outbox.summary()).unsent).toBe(written.length + 1);
    const ids = (await outbox.page(1000)).map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set([...written, next.row.id]));
  });

  test('held open by a tab that does not give way is said, and used once it is free', async () => {
    const name = freshDatabase();
    const stubborn = await openDB(name, 1, { upgrade: first });
    const { outbox } = openOutbox(name);
    await expect(outbox.summary()).rejects.toMatchObject({ code: 'phone_storage_blocked' });
    stubborn.close();
  });
});
