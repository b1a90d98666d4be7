import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cdp } from 'vitest/browser';
import { toBase64Url } from '../../core/bytes.ts';
import { CHAIN_START } from '../../core/envelope.ts';
import { IdbDrafts } from '../../src/storage/drafts.ts';
import { StorageError } from '../../src/storage/error.ts';
import { IdbKeptStatements } from '../../src/storage/kept-statements.ts';
import { OperatorKeyStore } from '../../src/storage/operator-key.ts';
import { IdbPracticeStore } from '../../src/storage/practice-store.ts';
import { IdbWorkStore } from '../../src/storage/work-store.ts';
import { notSent, received, terms } from '../ports/outbox.suite.ts';
import { captureNext, change, newRecord, ORG, workPack } from '../support/records.ts';
import { dropDatabases, freshDatabase, openDatabase, openOutbox } from './databases.ts';

/** Playwright's own session type is not needed for two calls. */
interface Devtools {
  send(method: string, params: object): Promise<unknown>;
}

const transaction = IDBDatabase.prototype.transaction;
const put = IDBObjectStore.prototype.put;
const open = IDBFactory.prototype.open;
let cuts = 0;

/** The next `count` transactions find their connection closed, as WebKit does under a live page. */
function cutConnection(count: number): void {
  cuts = count;
}

beforeEach(() => {
  cuts = 0;
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args: Parameters<typeof transaction>) {
    if (cuts > 0) {
      cuts--;
      this.close();
    }
    return transaction.apply(this, args);
  };
});

afterEach(async () => {
  IDBDatabase.prototype.transaction = transaction;
  IDBObjectStore.prototype.put = put;
  IDBFactory.prototype.open = open;
  await dropDatabases();
});

/** The `nth` write of the next transaction ends it, as an I/O error does. */
function abortAtPut(nth: number): void {
  let count = 0;
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args: Parameters<typeof put>) {
    const request = put.apply(this, args);
    if (++count === nth) this.transaction.abort();
    return request;
  };
}

describe('a connection that closes under an operation', () => {
  test('is opened again, and the operation succeeds', async () => {
    const { db, outbox } = openOutbox(freshDatabase());
    const keys = new OperatorKeyStore(db);
    const work = new IdbWorkStore(db, keys);
    const kept = new IdbKeptStatements(db);
    const drafts = new IdbDrafts(db);
    const practice = new IdbPracticeStore(db);
    const { row } = await captureNext(outbox);
    const held = { pack: workPack(), digest: 'x', etag: '"1"' };
    const operations: readonly (() => Promise<unknown>)[] = [
      () => outbox.head(row.kid),
      () => outbox.append(newRecord({ seq: 1, digest: row.digest })),
      () => outbox.lease(terms()),
      () => outbox.settle([received(row.id)]),
      () => outbox.applyChanges(ORG, 'c1', [change(row.id)]),
      () => outbox.cursor(ORG),
      () => outbox.summary(),
      () => outbox.page(10),
      () => outbox.record(row.id),
      () => outbox.ofDevice(row.udid),
      () => outbox.certificatesWaiting(),
      () => outbox.again.chains(),
      () => outbox.again.accord(),
      () => outbox.again.noteAccord({ signedIn: true }),
      () => outbox.again.rowsWhere(() => true),
      () => outbox.again.papers([row.id]),
      () => outbox.again.settleAgain([received(row.id)]),
      () => outbox.again.revive([row.id]),
      () => keys.epoch(),
      () => keys.statementKeys(),
      () => keys.saveStatementKeys(new Map()),
      () => keys.enrolment(),
      () => work.savePack('a.b.c', held),
      () => work.packs(),
      () => work.newestStatement(),
      () => kept.saveAnchor({ digest: 'y', jws: 'a.b.c' }),
      () => kept.anchors(['y']),
      () => kept.credentials(),
      () => kept.statementChain(),
      () => kept.packTexts(),
      () => drafts.save('install', { at: 'pair' }),
      () => drafts.load('install'),
      () => drafts.drop('install'),
      () => practice.save('d', {}),
      () => practice.load(),
      () => keys.forget(),
    ];
    for (const [i, operation] of operations.entries()) {
      cutConnection(1);
      await expect(operation(), `operation ${i}`).resolves.not.toThrow();
      expect(cuts).toBe(0);
    }
    expect(await outbox.record(row.id)).toMatchObject({ state: 'bound' });
    expect((await outbox.summary()).unsent).toBe(1);
  });

  test('under many at once: all succeed, and no connection is left open', async () => {
    const name = freshDatabase();
    const { outbox } = openOutbox(name);
    await captureNext(outbox);
    cutConnection(3);
    const reads = await Promise.all(Array.from({ length: 8 }, () => outbox.summary()));
    expect(reads.every((summary) => summary.unsent === 1)).toBe(true);
    // dropDatabases would wait for ever for one that is left.
  });

  test('for good: it says so, and works again once the browser does', async () => {
    const { outbox } = openOutbox(freshDatabase());
    cutConnection(100);
    await expect(outbox.summary()).rejects.toMatchObject({ code: 'phone_storage_lost' });
    cutConnection(0);
    expect((await outbox.summary()).unsent).toBe(0);
  });

  test('a database that could not be opened is asked for again next time', async () => {
    const { outbox } = openOutbox(freshDatabase());
    IDBFactory.prototype.open = () => {
      throw new DOMException('not now', 'SecurityError');
    };
    await expect(outbox.summary()).rejects.toBeInstanceOf(StorageError);
    IDBFactory.prototype.open = open;
    expect((await outbox.summary()).unsent).toBe(0);
  });

  test('gives way to a newer version of the app, and the newer one gets all of it', async () => {
    const name = freshDatabase();
    const { outbox } = openOutbox(name);
    const { row } = await captureNext(outbox);
    const newer = await new Promise<IDBDatabase>((resolve, reject) => {
      // Above every version of ours, for years.
      const request = indexedDB.open(name, 1000);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const rows = newer.transaction('q').objectStore('q').count(row.id);
    await new Promise((resolve) => {
      rows.onsuccess = resolve;
    });
    expect(rows.result).toBe(1);
    newer.close();
  });
});

describe('a transaction that fails half-way', () => {
  test.each([1, 2, 3])('at write %i of a capture: repeated, stored once', async (nth) => {
    const { outbox } = openOutbox(freshDatabase());
    abortAtPut(nth);
    const record = newRecord(CHAIN_START);
    expect(await outbox.append(record)).toBe('stored');
    expect(await outbox.lease(terms())).toMatchObject([{ jws: record.jws }]);
    expect((await outbox.summary()).counts.sending).toBe(1);
  });

  test.each([1, 2])('at write %i of a settlement: repeated, counted once', async (nth) => {
    const { outbox } = openOutbox(freshDatabase());
    const { row } = await captureNext(outbox);
    await outbox.lease(terms());
    abortAtPut(nth);
    await outbox.settle([notSent(row.id)]);
    expect(await outbox.record(row.id)).toMatchObject({ state: 'saved', attempts: 1 });
  });

  test('for a reason that a repeat cannot mend: not repeated, though the request itself only says "aborted"', async () => {
    const { outbox } = openOutbox(freshDatabase());
    const { row } = await captureNext(outbox);
    let tries = 0;
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args: Parameters<typeof put>) {
      // Each try writes one record's row.
      if (this.name === 'q') tries++;
      // Fails first and takes the transaction along: what is asked for next hears nothing but AbortError.
      this.transaction.objectStore('env').add({ id: row.id, jws: '', digest: '' });
      return put.apply(this, args);
    };
    await expect(outbox.lease(terms())).rejects.toMatchObject({
      code: 'phone_storage_lost',
      cause: { name: 'ConstraintError' },
    });
    expect(tries).toBe(1);
  });

  test('outcomes and cursor move together or not at all', async () => {
    const name = freshDatabase();
    const { outbox } = openOutbox(name);
    const { row } = await captureNext(outbox);
    await outbox.lease(terms());
    await outbox.settle([received(row.id)]);
    // A value that cannot be stored: the write itself throws.
    const broken = { ...change(row.id), detail: (() => '') as unknown as string };
    const batch = [change(row.id, { outcome: 'held' }), broken];
    await expect(outbox.applyChanges(ORG, 'c1', batch)).rejects.toBeInstanceOf(StorageError);
    expect((await outbox.record(row.id))?.state).toBe('received');
    expect(await outbox.cursor(ORG)).toBe('');
  });
});

describe('a full phone', () => {
  const devtools = () => cdp() as unknown as Devtools;
  const { origin } = location;

  afterEach(() => devtools().send('Storage.overrideQuotaForOrigin', { origin }));

  test('says so, leaves nothing half-written, and captures again once there is room', async () => {
    // Chromium remembers for half a minute how much room an origin had; without its data it asks anew.
    await devtools().send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
    await devtools().send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1024 * 1024 });
    const { outbox } = openOutbox(freshDatabase());
    const first = await captureNext(outbox);
    // Random text, since the database compresses what it stores.
    const random = () => toBase64Url(globalThis.crypto.getRandomValues(new Uint8Array(65_536)));
    const jws = Array.from({ length: 96 }, random).join('');
    const after = { seq: 1, digest: first.row.digest };
    const large = { ...newRecord(after), jws };
    await expect(outbox.append(large)).rejects.toMatchObject({ code: 'phone_storage_full' });
    await devtools().send('Storage.overrideQuotaForOrigin', { origin });
    expect(await outbox.record(large.row.id)).toBeUndefined();
    expect(await outbox.head(first.row.kid)).toEqual(after);
    expect((await outbox.summary()).unsent).toBe(1);
    const leased = await outbox.lease(terms());
    expect(leased.map((one) => one.jws)).toEqual([first.jws]);
    expect(await outbox.append(large)).toBe('stored');
  });
});

test('two handles of one name see the same storage', async () => {
  const name = freshDatabase();
  const [one, two] = [openDatabase(name), openDatabase(name)];
  await new IdbDrafts(one).save('install', { at: 'pair' });
  expect(await new IdbDrafts(two).load('install')).toEqual({ at: 'pair' });
});
