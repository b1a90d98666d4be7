import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { QueuedRecord } from '../ports/outbox.ts';
import { StorageError } from './error.ts';

/** Version N only ever adds: a newer app must find everything an older one left. */
const VERSION = 1;
const REOPEN_TRIES = 5;

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
    };
  };
  /** `sum`, `epoch`, `head:<kid>`, `cursor:<org>`, `statement`, `settings:*`. */
  meta: { key: string; value: unknown };
  /** Receipts (JWS) by record id. */
  rcpt: { key: string; value: { id: string; receipt: string } };
  /** `operator`: key pair, credential, statement keys. */
  keys: { key: string; value: unknown };
  /** Work packs by organisation. */
  pack: { key: string; value: { org: string; jws: string; digest: string; etag: string } };
  /** Half-done work, by flow. */
  draft: { key: string; value: { id: string; content: unknown } };
  /** Simulated devices of the training organisation, by UDID. */
  simulated: { key: string; value: { udid: string; state: unknown } };
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
      try {
        return await work(await this.#connect());
      } catch (error) {
        if (error instanceof StorageError) throw error;
        const name = error instanceof Error ? error.name : '';
        if (name === 'QuotaExceededError') throw new StorageError('phone_storage_full', { cause: error });
        if (!isLostConnection(name, error) || attempt === REOPEN_TRIES) {
          throw new StorageError('phone_storage_lost', { cause: error });
        }
        this.#open = undefined;
      }
    }
  }

  close(): void {
    this.#open?.then((db) => db.close()).catch(() => undefined);
    this.#open = undefined;
  }

  #connect(): Promise<Database> {
    this.#open ??= openDB<Schema>(this.#name, VERSION, {
      upgrade,
      // A newer version waits for us: give way, and the next use opens again.
      blocking: () => this.close(),
      terminated: () => {
        this.#open = undefined;
      },
    });
    return this.#open;
  }
}

function upgrade(db: Database, oldVersion: number): void {
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
}

function isLostConnection(name: string, error: unknown): boolean {
  if (name === 'InvalidStateError' || name === 'UnknownError' || name === 'AbortError') return true;
  return error instanceof Error && /connection|closing/i.test(error.message);
}
