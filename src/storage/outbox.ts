import type { Change } from '../../contract/change.ts';
import type { Stretches } from '../../contract/phone.ts';
import type { ChainHead } from '../../core/envelope.ts';
import { certificateWaits } from '../../core/record-state.ts';
import type { JournalEntry, OutboxIntake, OutboxUpkeep } from '../ports/keeping.ts';
import type {
  Capture,
  LeaseTerms,
  NewRecord,
  Outbox,
  OutboxSummary,
  OutboxView,
  QueuedRecord,
  Retry,
  Settlement,
} from '../ports/outbox.ts';
import { releaseBallast } from './ballast.ts';
import { type DatabaseHandle, type Summary, writeStrictly } from './database.ts';
import { projectTouched } from './device-projection.ts';
import { StorageError } from './error.ts';
import { giveUpPhoto } from './give-up-photo.ts';
import { writeMakingRoom } from './make-room.ts';
import {
  countsHold,
  readHead,
  recount,
  restore,
  take,
  unsentEntries,
  unsentIds,
  unsentNumbers,
} from './outbox-keeping.ts';
import { lease } from './outbox-lease.ts';
import { readOverview, readPage, together } from './outbox-read.ts';
import { decideAll, settleAll } from './outbox-settle.ts';
import { STORES, type Write } from './outbox-stores.ts';
import { anchorKey, bump, emptySummary, move, putRows, readSummary } from './outbox-write.ts';

const CHANNEL = 'fieldbind-outbox';

/** The outbox over IndexedDB: one class for all its sides, because they share one transaction discipline. */
export class IdbOutbox implements Capture, Outbox, OutboxView, Retry, OutboxUpkeep, OutboxIntake {
  readonly #db: DatabaseHandle;
  readonly #now: () => number;
  /** Told when the last reserve of room was used up. */
  onReserveUsed: () => void = () => undefined;
  /** Told when a photo that waits had to make room for a record. */
  onPhotoGivenUp: () => void = () => undefined;
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #listeners = new Set<() => void>();

  constructor(db: DatabaseHandle, now: () => number = Date.now) {
    this.#db = db;
    this.#now = now;
    this.#channel.onmessage = () => this.#tell();
  }

  head(kid: string): Promise<ChainHead> {
    return this.#db.use(async (db) => readHead(await db.get('meta', `head:${kid}`)));
  }

  async append(record: NewRecord): Promise<'stored' | 'head_moved'> {
    const outcome = await this.#strictly((tx) => store(tx, record));
    this.#changed();
    return outcome;
  }

  lease(terms: LeaseTerms) {
    // A power cut may undo the lease: the records are then saved as before, and are sent again.
    return terms.alone
      ? this.#strictly((tx) => lease(tx, emptySummary(), terms), 'relaxed')
      : this.write((tx, summary) => lease(tx, summary, terms), 'relaxed');
  }

  async settle(results: readonly Settlement[]): Promise<void> {
    await this.write(async (tx, summary) => {
      await settleAll(tx, summary, results);
    });
  }

  async retry(id: string): Promise<void> {
    await this.write(async (tx, summary) => {
      await move(tx, summary, id, 'retried', { code: null, fault: null, nextAt: 0 });
    });
  }

  async applyChanges(org: string, cursor: string, changes: readonly Change[], era?: string): Promise<void> {
    await this.write(async (tx, summary) => {
      await decideAll(tx, summary, changes, era);
      await tx.objectStore('meta').put(cursor, `cursor:${org}`);
    });
  }

  cursor(org: string): Promise<string> {
    return this.#db.use(async (db) => {
      const value = await db.get('meta', `cursor:${org}`);
      return typeof value === 'string' ? value : '';
    });
  }

  summary(): Promise<OutboxSummary> {
    return this.#db.use((db) => readOverview(together.of(db)));
  }

  page(limit: number, before = Infinity): Promise<readonly QueuedRecord[]> {
    return this.#db.use((db) => readPage(together.of(db), limit, before));
  }

  record(id: string): Promise<QueuedRecord | undefined> {
    return this.#db.use((db) => db.get('q', id));
  }

  ofDevice(udid: string): Promise<readonly QueuedRecord[]> {
    return this.#db.use(async (db) => {
      const rows = await db.getAllFromIndex('q', 'device', IDBKeyRange.bound([udid, 0], [udid, Infinity]));
      return rows.reverse();
    });
  }

  certificatesWaiting(): Promise<readonly QueuedRecord[]> {
    return this.#db.use(async (db) => {
      const rows = await db.getAllFromIndex(
        'q',
        'collect',
        IDBKeyRange.bound(['bound', 0], ['bound', Infinity]),
      );
      return rows.filter(certificateWaits);
    });
  }

  unsent(): Promise<readonly JournalEntry[]> {
    return this.#db.use(unsentEntries);
  }

  unsentIds() {
    return this.#db.use(unsentIds);
  }

  unsentNumbers(kid: string): Promise<Stretches> {
    return this.#db.use((db) => unsentNumbers(db, kid));
  }

  async recount(): Promise<void> {
    if (!(await this.#db.use(countsHold))) await this.write(recount);
  }

  async restore(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length > 0) await this.write((tx, summary) => restore(tx, summary, entries));
  }

  take(entry: JournalEntry) {
    return this.write((tx, summary) => take(tx, summary, entry));
  }

  subscribe(onChange: () => void): () => void {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  }

  /** Of the channel: one left open keeps listening for as long as its page or worker lives. */
  close(): void {
    this.#channel.close();
  }

  /** For what writes beside it (again.ts): rows and counts in one transaction, and everybody is told. */
  async write<T>(work: (tx: Write, summary: Summary) => Promise<T>, durability?: 'relaxed'): Promise<T> {
    const result = await this.#strictly(async (tx) => {
      const summary = await readSummary(tx);
      const value = await work(tx, summary);
      await tx.objectStore('meta').put(summary, 'sum');
      return value;
    }, durability);
    this.#changed();
    return result;
  }

  /** Where the quota is used up, photos are given up first, then the reserve, and the write is tried again. */
  async #strictly<T>(work: (tx: Write) => Promise<T>, durability?: 'relaxed'): Promise<T> {
    const write = () =>
      this.#db.use((db) =>
        writeStrictly(
          db,
          STORES,
          async (tx) => {
            const value = await work(tx);
            await projectTouched(tx, this.#now());
            return value;
          },
          durability,
        ),
      );
    let reserve = true;
    return writeMakingRoom(write, {
      free: async () => (await this.#giveUpPhoto('kept')) !== undefined,
      spare: async () => {
        if ((await this.#giveUpPhoto('any')) !== undefined) {
          this.onPhotoGivenUp();
          return true;
        }
        if (!reserve || !(await releaseBallast(this.#db))) return false;
        reserve = false;
        this.onReserveUsed();
        return true;
      },
    });
  }

  /** None either where the phone is too full for it: the reserve is left. */
  async #giveUpPhoto(which: 'any' | 'kept'): Promise<'kept' | 'waiting' | undefined> {
    try {
      return await giveUpPhoto(this.#db, which);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'phone_storage_full') return undefined;
      throw error;
    }
  }

  /** Tells this page and, over the channel, other tabs and the worker. */
  #changed(): void {
    this.#channel.postMessage(null);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

async function store(
  tx: Write,
  { row, jws, after, head, anchor }: NewRecord,
): Promise<'stored' | 'head_moved'> {
  const key = `head:${row.kid}`;
  const stored = readHead(await tx.objectStore('meta').get(key));
  if (stored.digest !== after.digest) {
    // A retry after a lost connection may find its own write: that is success, not a fork.
    const own = await tx.objectStore('env').get(row.id);
    return own?.digest === row.digest ? 'stored' : 'head_moved';
  }
  // `add`: an envelope that is there is never written over.
  await tx.objectStore('env').add({ id: row.id, jws, digest: row.digest });
  putRows(tx, [row]);
  await tx.objectStore('meta').put(head, key);
  if (anchor !== undefined) await tx.objectStore('meta').put(anchor.jws, anchorKey(anchor.digest));
  const summary = await readSummary(tx);
  bump(summary, row.state, 1);
  if (row.typ === 'confirmation+jws') {
    for (const id of await confirmedBy(tx, row)) await move(tx, summary, id, 'installed', {});
  }
  await tx.objectStore('meta').put(summary, 'sum');
  return 'stored';
}

/** The registration that a confirmation names, and each other one that was answered with the certificate that was written. */
async function confirmedBy(
  tx: Write,
  { about, udid, org, wrote }: QueuedRecord,
): Promise<ReadonlySet<string>> {
  const rows = await tx
    .objectStore('q')
    .index('device')
    .getAll(IDBKeyRange.bound([udid, 0], [udid, Infinity]));
  const same = rows.filter(
    (row) => row.org === org && row.state === 'bound' && row.certificate?.fingerprint === wrote,
  );
  return new Set([...(about === null ? [] : [about]), ...same.map(({ id }) => id)]);
}
