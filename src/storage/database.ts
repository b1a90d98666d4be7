import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from 'idb';
import type { QueuedRecord } from '../ports/outbox.ts';
import type { PhotoRow } from '../ports/photos.ts';
import type { DeviceEntry, ToldRow } from './device-entry.ts';
import { StorageError } from './error.ts';
import type { ListHead, PlainRow } from './list-rows.ts';

/** Version N only ever adds: a newer app must find everything an older one left. */
const VERSION = 5;
const REOPEN_TRIES = 5;
const BLOCKED_MS = 5_000;

export interface Summary {
  counts: Partial<Record<QueuedRecord['state'], number>>;
  certificatesWaiting: number;
}

export interface Schema extends DBSchema {
  /** Signed envelopes by record id: written once, never changed. */
  env: { key: string; value: { id: string; jws: string; digest: string } };
  q: {
    key: string;
    value: QueuedRecord;
    indexes: {
      created: number;
      state: [string, number];
      device: [string, number];
      collect: [string, number];
      /** Version 3. */
      photo: string;
    };
  };
  /**
   * `devices`, `devices-sum`, `site:<place>`, `told:<org>` (devices.ts), `sum`, `epoch`, `head:<kid>`, `cursor:<org>`, `early:<record>`, `taken`, `statement`, `settings:*`. What an older copy of
   * the backend may have to be told or asked: `accord`, `again`, `anchor`, `anchor:<digest>`, `credential:<digest>`.
   */
  meta: { key: string; value: unknown };
  /** Receipts (JWS) by record id. `again`: the newest, where the backend had lost the record. */
  rcpt: { key: string; value: { id: string; receipt: string; again?: string } };
  /** `operator`: key pair and credential; `statement`: statement keys, and `statement-chain`: what led to them. */
  keys: { key: string; value: unknown };
  /** Work packs by organisation. */
  pack: { key: string; value: { org: string; jws: string; digest: string; etag: string } };
  /** Half-done work, by flow. */
  draft: { key: string; value: { id: string; content: unknown } };
  /** Simulated devices of the training organisation by UDID, the newest ones; practice-store.ts adds their order. */
  simulated: { key: string; value: { udid: string; state: unknown } };
  /** Version 2. Bytes that mean nothing (ballast.ts). */
  ballast: { key: string; value: Uint8Array };
  /** Version 3. Photos by digest, and their bytes until the backend has signed for them. */
  photo: { key: string; value: PhotoRow; indexes: { device: string } };
  blob: { key: string; value: { digest: string; data: Uint8Array } };
  /** Version 4. How far the list of an organisation has come, its digests by their first byte, and its own rows. */
  list: { key: string; value: ListHead };
  digests: { key: [string, number]; value: { org: string; byte: number; bytes: Uint8Array } };
  plain: { key: [string, string]; value: PlainRow };
  /** Version 5. Devices at places by organisation and UDID, for the person who is signed in (device-projection.ts). */
  device: {
    key: [string, string];
    value: DeviceEntry;
    indexes: {
      udid: string;
      need: [number, number];
      site: [string, string, string];
      due: number;
    };
  };
  /** What the backend said of them, by organisation and key. */
  told: {
    key: [string, string];
    value: ToldRow;
    indexes: { udid: [string, string]; turn: [string, number] };
  };
}

export type Database = IDBPDatabase<Schema>;

/**
 * One connection that mends itself. WebKit drops connections under a live page and any browser may close one; every
 * use goes through {@link use}, which opens again and repeats. A repeated write is harmless: records are keyed by id.
 */
export class DatabaseHandle {
  readonly #name: string;
  #open: Promise<Database> | undefined;

  constructor(name = 'fieldbind') {
    this.#name = name;
  }

  async use<T>(work: (db: Database) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const opening = this.#connect();
      try {
        return await work(await opening);
      } catch (error) {
        if (error instanceof StorageError) throw error;
        const name = error instanceof Error ? error.name : '';
        if (name === 'QuotaExceededError') throw new StorageError('phone_storage_full', { cause: error });
        if (!isLostConnection(name, error) || attempt === REOPEN_TRIES) {
          throw new StorageError('phone_storage_lost', { cause: error });
        }
        this.#forget(opening);
      }
    }
  }

  close(): void {
    if (this.#open !== undefined) this.#forget(this.#open);
  }

  #connect(): Promise<Database> {
    if (this.#open !== undefined) return this.#open;
    // `async`: where IndexedDB is denied it throws at once, which is to be a rejection like any other.
    const open = async (): Promise<Database> => {
      const blocked = Promise.withResolvers<never>();
      blocked.promise.catch(() => undefined);
      const opened = openDB<Schema>(this.#name, VERSION, {
        upgrade,
        // A newer version waits for us: give way, and the next use opens again.
        blocking: () => this.#forget(opening),
        terminated: () => this.#forget(opening),
        // Tabs of ours give way at once; one that does not is frozen, or of a version that did not know how.
        blocked: () =>
          void setTimeout(() => blocked.reject(new StorageError('phone_storage_blocked')), BLOCKED_MS),
      });
      const db = await Promise.race([opened, blocked.promise]).catch((error: unknown) => {
        // The opening may still succeed later; that connection is closed, or it would block upgrades unseen.
        opened.then((late) => late.close()).catch(() => undefined);
        throw error;
      });
      return db;
    };
    const opening = open();
    this.#open = opening;
    // A failed opening must not be what every later use gets.
    opening.catch(() => this.#forget(opening));
    return opening;
  }

  /** Only the connection that failed: another use may have opened a good one meanwhile. Left open, it would block upgrades. */
  #forget(opening: Promise<Database>): void {
    if (this.#open === opening) this.#open = undefined;
    opening.then(
      (db) => db.close(),
      () => undefined,
    );
  }
}

type WriteTo<Names extends StoreNames<Schema>> = IDBPTransaction<Schema, Names[], 'readwrite'>;

/**
 * One transaction that survives a power cut once it resolves, and leaves nothing behind if `work` fails: a transaction
 * that is only left alone commits what it got so far. `relaxed`: for what may be forgotten again, it need not wait for
 * the disk.
 */
export async function writeStrictly<Names extends StoreNames<Schema>, T>(
  db: Database,
  stores: Names[],
  work: (tx: WriteTo<Names>) => Promise<T>,
  durability: 'strict' | 'relaxed' = 'strict',
): Promise<T> {
  const tx = db.transaction(stores, 'readwrite', { durability });
  // Watched from the start: an abort while `work` still waits for a request would else be an unhandled rejection.
  const done = tx.done.catch((error: unknown) => {
    throw tx.error ?? error;
  });
  done.catch(() => undefined);
  try {
    const result = await work(tx);
    await done;
    return result;
  } catch (error) {
    abort(tx);
    await done.catch(() => undefined);
    // What a request says of a lost transaction is only `AbortError`; the transaction knows why.
    throw tx.error ?? error;
  }
}

function abort(tx: { abort(): void }): void {
  try {
    tx.abort();
  } catch {
    // It had ended already.
  }
}

type Upgrade = IDBPTransaction<Schema, StoreNames<Schema>[], 'versionchange'>;

function upgrade(db: Database, oldVersion: number, _new: number | null, tx: Upgrade): void {
  if (oldVersion < 1) {
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
  if (oldVersion < 2) db.createObjectStore('ballast');
  if (oldVersion < 3) {
    tx.objectStore('q').createIndex('photo', 'photos', { multiEntry: true });
    db.createObjectStore('photo', { keyPath: 'digest' }).createIndex('device', 'udid');
    db.createObjectStore('blob', { keyPath: 'digest' });
  }
  if (oldVersion < 4) {
    db.createObjectStore('list', { keyPath: 'org' });
    db.createObjectStore('digests', { keyPath: ['org', 'byte'] });
    db.createObjectStore('plain', { keyPath: ['org', 'digest'] });
  }
  // Empty: they are filled once the database is open, in slices (devices.ts).
  if (oldVersion < 5) {
    const device = db.createObjectStore('device', { keyPath: ['org', 'udid'] });
    device.createIndex('udid', 'udid');
    device.createIndex('need', ['rank', 'order']);
    device.createIndex('site', ['org', 'domain', 'site']);
    device.createIndex('due', 'due');
    const told = db.createObjectStore('told', { keyPath: ['org', 'key'] });
    told.createIndex('udid', ['org', 'udid']);
    told.createIndex('turn', ['org', 'turn']);
  }
}

function isLostConnection(name: string, error: unknown): boolean {
  if (name === 'InvalidStateError' || name === 'UnknownError' || name === 'AbortError') return true;
  return error instanceof Error && /connection|closing/i.test(error.message);
}
