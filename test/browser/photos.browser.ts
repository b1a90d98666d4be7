import { openDB } from 'idb';
import { afterEach, describe, expect, test } from 'vitest';
import { cdp } from 'vitest/browser';
import { toBase64Url } from '../../core/bytes.ts';
import { PhotoError, takePhoto } from '../../src/effects/photos/take-photo.ts';
import type { QueuedRecord } from '../../src/ports/outbox.ts';
import { IdbPhotos } from '../../src/storage/photos.ts';
import { received, terms } from '../ports/outbox.suite.ts';
import { captureNext, crypto, newRecord, START } from '../support/records.ts';
import { dropDatabases, freshDatabase, openOutbox } from './databases.ts';

const devtools = () => cdp() as unknown as { send(method: string, params: object): Promise<unknown> };
const { origin } = location;

afterEach(dropDatabases);

function opened(name = freshDatabase()) {
  const { db, outbox } = openOutbox(name);
  return { outbox, photos: new IdbPhotos(db) };
}

async function photo(bytes: number) {
  const data = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536)
    globalThis.crypto.getRandomValues(data.subarray(at, Math.min(bytes, at + 65_536)));
  return { data, digest: toBase64Url(await crypto.sha256(data)) };
}

/** The next record, naming these photos. */
async function captureWith(outbox: ReturnType<typeof opened>['outbox'], photos: readonly string[]) {
  const record = newRecord(await outbox.head((await captureNext(outbox)).row.kid));
  const row: QueuedRecord = { ...record.row, photos };
  expect(await outbox.append({ ...record, row })).toBe('stored');
  return row;
}

const DAY = 24 * 3600_000;
const NONE: ReadonlySet<string> = new Set();

describe('photos on the phone', () => {
  test('are loose until a record names them, and go only after its receipt', async () => {
    const { outbox, photos } = opened();
    const one = await photo(2000);
    await photos.add({ ...one, udid: 'acme-1', at: START });
    expect((await photos.loose('acme-1')).map(({ digest }) => digest)).toEqual([one.digest]);
    expect(await photos.loose('acme-2')).toEqual([]);
    expect(await photos.next(START, true, NONE)).toBeUndefined();
    const row = await captureWith(outbox, [one.digest]);
    expect(await photos.loose('acme-1')).toEqual([]);
    expect(await photos.next(START, true, NONE)).toBeUndefined();
    const leased = await outbox.lease(terms());
    await outbox.settle(leased.map(({ row }) => received(row.id)));
    const next = await photos.next(START, false, NONE);
    expect(next).toMatchObject({ record: { id: row.id, org: row.org }, row: { digest: one.digest } });
    expect(next?.data).toEqual(one.data);
    expect(await photos.next(START, false, new Set([one.digest]))).toBeUndefined();
    await photos.note(one.digest, { sent: 1000, nextAt: START + 10 });
    expect(await photos.next(START, false, NONE)).toBeUndefined();
    expect(await photos.waiting()).toEqual({ count: 1, bytes: 2000, sent: 1000 });
    await photos.finish(one.digest, 'kept', START);
    expect(await photos.rows([one.digest])).toMatchObject([{ state: 'kept', sent: 2000 }]);
    expect(await photos.waiting()).toEqual({ count: 0, bytes: 0, sent: 0 });
    expect(await photos.next(START, true, NONE)).toBeUndefined();
  });

  test('that were signed for stay for two weeks, so that a backend that lost them can be given them again', async () => {
    const { outbox, photos } = opened();
    const [old, young, broken] = [await photo(1000), await photo(1000), await photo(1000)];
    for (const one of [old, young, broken]) await photos.add({ ...one, udid: 'a', at: START });
    await captureWith(outbox, [old.digest, young.digest, broken.digest]);
    await outbox.settle((await outbox.lease(terms())).map(({ row }) => received(row.id)));
    await photos.finish(old.digest, 'kept', START);
    await photos.finish(broken.digest, 'broken', START);
    expect(await photos.data(old.digest)).toEqual(old.data);
    expect(await photos.data(broken.digest)).toBeUndefined();
    await photos.askAgain();
    expect(await photos.rows([old.digest, broken.digest])).toMatchObject([
      { state: 'here', sent: 0 },
      { state: 'broken' },
    ]);
    expect((await photos.next(START, false, new Set([young.digest])))?.row.digest).toBe(old.digest);
    await photos.finish(old.digest, 'kept', START);
    await photos.finish(young.digest, 'kept', START + 15 * DAY);
    expect(await photos.data(old.digest)).toBeUndefined();
    expect(await photos.data(young.digest)).toEqual(young.data);
    await photos.askAgain();
    expect(await photos.rows([old.digest, young.digest])).toMatchObject([
      { state: 'kept' },
      { state: 'here' },
    ]);
  });

  test('that were signed for stay up to a bound, and the oldest go', async () => {
    const { photos } = opened();
    const some = await Promise.all(Array.from({ length: 9 }, () => photo(8 * 1024 * 1024)));
    for (const [n, one] of some.entries()) {
      await photos.add({ ...one, udid: 'a', at: START + n });
      await photos.finish(one.digest, 'kept', START + n);
    }
    const there = await Promise.all(
      some.map(async ({ digest }) => (await photos.data(digest)) !== undefined),
    );
    expect(there).toEqual([false, ...Array.from({ length: 8 }, () => true)]);
  });

  test('of a registration that was never saved are swept; others are not', async () => {
    const { outbox, photos } = opened();
    const [named, old, fresh] = [await photo(100), await photo(100), await photo(100)];
    await photos.add({ ...named, udid: 'a', at: START });
    await photos.add({ ...old, udid: 'b', at: START });
    await photos.add({ ...fresh, udid: 'b', at: START + 1000 });
    await captureWith(outbox, [named.digest]);
    await photos.sweep(START + 500);
    expect((await photos.rows([named.digest, old.digest, fresh.digest])).map(({ digest }) => digest)).toEqual(
      [named.digest, fresh.digest],
    );
  });
});

describe('a full phone', () => {
  afterEach(() => devtools().send('Storage.overrideQuotaForOrigin', { origin }));

  test('gives up photos for a record, the oldest first and no more than it takes, and says so', async () => {
    await devtools().send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
    await devtools().send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 7 * 1024 * 1024 });
    const { outbox, photos } = opened();
    let told = 0;
    outbox.onPhotoGivenUp = () => told++;
    const first = await captureNext(outbox);
    const old = await photo(4 * 1024 * 1024);
    const young = await photo(1000);
    await photos.add({ ...young, udid: 'a', at: START + 1 });
    await photos.add({ ...old, udid: 'a', at: START });
    const random = () => toBase64Url(globalThis.crypto.getRandomValues(new Uint8Array(65_536)));
    const jws = Array.from({ length: 40 }, random).join('');
    expect(await outbox.append({ ...newRecord({ seq: 1, digest: first.row.digest }), jws })).toBe('stored');
    expect(told).toBe(1);
    expect(await photos.rows([old.digest, young.digest])).toMatchObject([
      { state: 'given_up' },
      { state: 'here' },
    ]);
    expect(await photos.data(young.digest)).toEqual(young.data);
  });
});

describe('a full phone that keeps what was signed for', () => {
  afterEach(() => devtools().send('Storage.overrideQuotaForOrigin', { origin }));

  test('gives that up first, and says nothing of it: nothing is lost', async () => {
    await devtools().send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
    await devtools().send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 7 * 1024 * 1024 });
    const { outbox, photos } = opened();
    let told = 0;
    outbox.onPhotoGivenUp = () => told++;
    const [waits, kept, next] = [
      await photo(1000),
      await photo(4 * 1024 * 1024),
      await photo(3 * 1024 * 1024),
    ];
    await photos.add({ ...waits, udid: 'a', at: START });
    await photos.add({ ...kept, udid: 'a', at: START + 1 });
    await photos.finish(kept.digest, 'kept', START + 1);
    // For a photo as for a record.
    await photos.add({ ...next, udid: 'a', at: START + 2 });
    expect(await photos.data(kept.digest)).toBeUndefined();
    await photos.finish(next.digest, 'kept', START + 2);
    const random = () => toBase64Url(globalThis.crypto.getRandomValues(new Uint8Array(65_536)));
    const jws = Array.from({ length: 50 }, random).join('');
    expect(await outbox.append({ ...newRecord({ seq: 0, digest: null }), jws })).toBe('stored');
    expect(told).toBe(0);
    expect(await photos.rows([waits.digest, next.digest])).toMatchObject([
      { state: 'here' },
      { state: 'kept' },
    ]);
    expect(await photos.data(waits.digest)).toEqual(waits.data);
  });
});

describe('a phone that is full to the last byte', () => {
  const remove = IDBObjectStore.prototype.delete;
  afterEach(async () => {
    IDBObjectStore.prototype.delete = remove;
    await devtools().send('Storage.overrideQuotaForOrigin', { origin });
  });

  /** Takes what room there is, down to less than a row. */
  async function fill(): Promise<void> {
    const filler = await openDB(freshDatabase(), 1, {
      upgrade: (db) => void db.createObjectStore('s', { autoIncrement: true }),
    });
    for (let size = 1024 * 1024; size >= 1; size /= 4) {
      for (let room = true; room; )
        room = await filler
          .add('s', globalThis.crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536))))
          .then(
            () => true,
            () => false,
          );
    }
    filler.close();
  }

  async function fullPhone() {
    await devtools().send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
    await devtools().send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 7 * 1024 * 1024 });
    const name = freshDatabase();
    const { db, outbox } = openOutbox(name);
    const told: string[] = [];
    outbox.onPhotoGivenUp = () => told.push('photo');
    outbox.onReserveUsed = () => told.push('reserve');
    const first = await captureNext(outbox);
    const reserve = await photo(1024 * 1024);
    await db.use((open) => open.put('ballast', reserve.data, 'reserve'));
    const taken = await photo(512 * 1024);
    const photos = new IdbPhotos(db);
    await photos.add({ ...taken, udid: 'a', at: START });
    await fill();
    await expect(photos.note(taken.digest, { sent: 1 })).rejects.toMatchObject({
      code: 'phone_storage_full',
    });
    return { outbox, photos, taken, told, next: newRecord({ seq: 1, digest: first.row.digest }) };
  }

  test('gives up a photo, though there is no room to write down that it did', async () => {
    const { outbox, photos, taken, told, next } = await fullPhone();
    expect(await outbox.append(next)).toBe('stored');
    expect(told[0]).toBe('photo');
    expect(await photos.rows([taken.digest])).toMatchObject([{ state: 'given_up' }]);
    expect(await photos.loose('a')).toEqual([]);
    expect(await photos.waiting()).toMatchObject({ count: 0 });
  });

  test('gives up its reserve where not even a photo can be', async () => {
    const { outbox, told, next } = await fullPhone();
    IDBObjectStore.prototype.delete = function (this: IDBObjectStore, key) {
      if (this.name === 'blob') throw new DOMException('full', 'QuotaExceededError');
      return remove.call(this, key);
    };
    expect(await outbox.append(next)).toBe('stored');
    expect(told).toEqual(['reserve']);
  });
});

describe('a picture', () => {
  const file = async (width: number, height: number) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no canvas');
    context.fillStyle = '#ff0000';
    context.fillRect(0, 0, width, height);
    return canvas.convertToBlob({ type: 'image/png' });
  };
  const stored = async (picture: Blob, codes: (readonly { x: number; y: number }[])[]) => {
    const { photos } = opened();
    const left = [...codes];
    const ports = { photos, crypto, clock: { now: () => START }, findCode: async () => left.shift() };
    const made = await takePhoto(ports as never, picture, 'acme-1');
    const data = (await photos.data(made.digest)) ?? new Uint8Array();
    return { made, data, bitmap: await createImageBitmap(new Blob([Uint8Array.from(data)])) };
  };
  const colour = (bitmap: ImageBitmap, x: number, y: number) => {
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context?.drawImage(bitmap, 0, 0);
    return context?.getImageData(x, y, 1, 1).data[0] ?? 0;
  };

  test('is scaled down to a JPEG of bounded size, named by its digest', async () => {
    const { made, data, bitmap } = await stored(await file(4000, 3000), []);
    expect([bitmap.width, bitmap.height]).toEqual([1600, 1200]);
    expect([...data.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    expect(data.length).toBe(made.bytes);
    expect(made.bytes).toBeLessThanOrEqual(512 * 1024);
    expect(toBase64Url(await crypto.sha256(data))).toBe(made.digest);
  });

  test('has every code on it blanked before it is hashed', async () => {
    const square = (from: number) =>
      [from, from + 0.1].flatMap((x) => [from, from + 0.1].map((y) => ({ x, y })));
    const { bitmap } = await stored(await file(1000, 1000), [square(0.2), square(0.6)]);
    expect(colour(bitmap, 250, 250)).toBeLessThan(160);
    expect(colour(bitmap, 650, 650)).toBeLessThan(160);
    expect(colour(bitmap, 450, 450)).toBeGreaterThan(230);
  });

  test('is refused where a code cannot be blanked, or where it is none', async () => {
    await expect(stored(await file(100, 100), [[]])).rejects.toEqual(new PhotoError('picture_shows_code'));
    await expect(stored(new Blob(['hello']), [])).rejects.toEqual(new PhotoError('picture_unreadable'));
  });
});
