import type { IDBPTransaction } from 'idb';
import { isUnsent } from '../../core/record-state.ts';
import { isWaitOver } from '../../core/wait-over.ts';
import type { PhotoQueue, PhotoRow, PhotoStore, PhotoToSend } from '../ports/photos.ts';
import { type Database, type DatabaseHandle, type Schema, writeStrictly } from './database.ts';
import { giveUpPhoto } from './give-up-photo.ts';
import { writeMakingRoom } from './make-room.ts';

/** How long, and how much, bytes stay that the backend has signed for: it may be put back to a copy that is older. */
const KEPT_MS = 14 * 24 * 3600_000;
const KEPT_BYTES = 64 * 1024 * 1024;

/** Photos over IndexedDB: small rows that change, and bytes that never do. Which record one belongs to is in the record's row. */
export class IdbPhotos implements PhotoStore, PhotoQueue {
  readonly #db: DatabaseHandle;
  /** Told of every change. */
  onChange: () => void = () => undefined;

  constructor(db: DatabaseHandle) {
    this.#db = db;
  }

  async add({ digest, data, udid, at }: Parameters<PhotoStore['add']>[0]): Promise<void> {
    const row: PhotoRow = {
      digest,
      bytes: data.length,
      udid,
      createdAt: at,
      sent: 0,
      attempts: 0,
      nextAt: 0,
      state: 'here',
    };
    const add = () =>
      this.#write(async (tx) => {
        await tx.objectStore('blob').put({ digest, data });
        await tx.objectStore('photo').put(row);
      });
    // What is kept in case that the backend loses it makes room.
    return writeMakingRoom(add, {
      free: async () => (await giveUpPhoto(this.#db, 'kept')) !== undefined,
    });
  }

  loose(udid: string): Promise<readonly PhotoRow[]> {
    return this.#db.use(async (db) => {
      const found = await db.getAllFromIndex('photo', 'device', udid);
      const rows = await Promise.all(found.map((row) => asItIs(db, row)));
      const named = await Promise.all(rows.map(({ digest }) => db.countFromIndex('q', 'photo', digest)));
      return rows.filter((row, i) => named[i] === 0 && row.state === 'here');
    });
  }

  data(digest: string): Promise<Uint8Array | undefined> {
    return this.#db.use(async (db) => (await db.get('blob', digest))?.data);
  }

  rows(digests: readonly string[]): Promise<readonly PhotoRow[]> {
    return this.#db.use(async (db) => {
      const found = await Promise.all(digests.map((digest) => db.get('photo', digest)));
      return Promise.all(found.filter((row) => row !== undefined).map((row) => asItIs(db, row)));
    });
  }

  async drop(digest: string): Promise<void> {
    await this.#write(async (tx) => {
      await tx.objectStore('blob').delete(digest);
      await tx.objectStore('photo').delete(digest);
    });
  }

  async sweep(before: number): Promise<void> {
    const old = await this.#db.use(async (db) => {
      const rows = (await waitingRows(db)).filter(({ createdAt }) => createdAt < before);
      const named = await Promise.all(rows.map(({ digest }) => db.countFromIndex('q', 'photo', digest)));
      return rows.filter((_, i) => named[i] === 0);
    });
    for (const { digest } of old) await this.drop(digest);
  }

  waiting() {
    return this.#db.use(async (db) => {
      const rows = await waitingRows(db);
      const sum = (of: (row: PhotoRow) => number) => rows.reduce((n, row) => n + of(row), 0);
      return { count: rows.length, bytes: sum(({ bytes }) => bytes), sent: sum(({ sent }) => sent) };
    });
  }

  next(now: number, force: boolean, besides: ReadonlySet<string>): Promise<PhotoToSend | undefined> {
    return this.#db.use(async (db) => {
      for (const row of await waitingRows(db)) {
        if (besides.has(row.digest) || !(force || isWaitOver(row.nextAt, now))) continue;
        const records = await db.getAllFromIndex('q', 'photo', row.digest);
        // Not before its record: the backend takes what a received record names, and nothing else.
        const record = records.find(({ state }) => !isUnsent(state) && state !== 'rejected');
        const data = record && (await db.get('blob', row.digest))?.data;
        if (record !== undefined && data !== undefined)
          return { row, record: { id: record.id, org: record.org }, data };
      }
      return undefined;
    });
  }

  async note(digest: string, change: Parameters<PhotoQueue['note']>[1]): Promise<void> {
    await this.#write(async (tx) => {
      const row = await tx.objectStore('photo').get(digest);
      if (row?.state === 'here') await tx.objectStore('photo').put({ ...row, ...change });
    });
  }

  async finish(digest: string, state: 'kept' | 'broken', now: number): Promise<void> {
    await this.#write(async (tx) => {
      const row = await tx.objectStore('photo').get(digest);
      if (row === undefined) return;
      const kept = state === 'kept' ? { sent: row.bytes, keptAt: now } : {};
      await tx.objectStore('photo').put({ ...row, state, ...kept });
      if (state === 'broken') await tx.objectStore('blob').delete(digest);
      await letGo(tx, now);
    });
  }

  async askAgain(): Promise<void> {
    await this.#write(async (tx) => {
      for (const row of await withBytes(tx))
        if (row.state === 'kept')
          await tx.objectStore('photo').put({ ...row, state: 'here', sent: 0, attempts: 0, nextAt: 0 });
    });
  }

  async #write(work: Parameters<typeof writePhotos>[1]): Promise<void> {
    await this.#db.use((db) => writePhotos(db, work));
    this.onChange();
  }
}

const STORES: ('photo' | 'blob')[] = ['photo', 'blob'];
type Write = Parameters<Parameters<typeof writeStrictly<(typeof STORES)[number], void>>[2]>[0];
type Readable = Write | IDBPTransaction<Schema, typeof STORES, 'readonly'>;

function writePhotos(db: Database, work: (tx: Write) => Promise<void>): Promise<void> {
  return writeStrictly(db, STORES, work);
}

/** Only a record that had to be saved takes the bytes and leaves the row (give-up-photo.ts). */
async function asItIs(db: Database, row: PhotoRow): Promise<PhotoRow> {
  const isGivenUp = row.state === 'here' && (await db.count('blob', row.digest)) === 0;
  return isGivenUp ? { ...row, state: 'given_up' } : row;
}

/** Those that the backend has not signed for, the oldest first. */
async function waitingRows(db: Database): Promise<PhotoRow[]> {
  const rows = await withBytes(db.transaction(STORES, 'readonly'));
  return rows.filter(({ state }) => state === 'here').sort((a, b) => a.createdAt - b.createdAt);
}

/** Whose bytes are here. */
async function withBytes(tx: Readable): Promise<PhotoRow[]> {
  const digests = await tx.objectStore('blob').getAllKeys();
  const rows = await Promise.all(digests.map((digest) => tx.objectStore('photo').get(digest)));
  return rows.filter((row) => row !== undefined);
}

/** Bytes that were signed for go once they are old, or more than is kept; the longest kept first. */
async function letGo(tx: Write, now: number): Promise<void> {
  const kept = (await withBytes(tx)).filter(({ state }) => state === 'kept');
  kept.sort((a, b) => (b.keptAt ?? 0) - (a.keptAt ?? 0));
  let bytes = 0;
  for (const row of kept) {
    bytes += row.bytes;
    const age = Math.abs(now - (row.keptAt ?? 0));
    if (bytes > KEPT_BYTES || age > KEPT_MS) await tx.objectStore('blob').delete(row.digest);
  }
}
