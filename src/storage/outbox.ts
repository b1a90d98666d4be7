import type { IDBPTransaction } from 'idb';
import type { Change } from '../../contract/change.ts';
import { CHAIN_START, type ChainHead } from '../../core/envelope.ts';
import { nextRecordState, type RecordEvent, type RecordState } from '../../core/record-state.ts';
import type {
  Capture,
  LeaseTerms,
  NewRecord,
  Outbox,
  OutboxSummary,
  OutboxView,
  QueuedRecord,
  Settlement,
} from '../ports/outbox.ts';
import type { DatabaseHandle, Schema, Summary } from './database.ts';

type Write = IDBPTransaction<Schema, ('env' | 'q' | 'meta' | 'rcpt')[], 'readwrite'>;
const STORES: ('env' | 'q' | 'meta' | 'rcpt')[] = ['env', 'q', 'meta', 'rcpt'];
/** Capture and acknowledgement survive a power cut; the default does not promise that (0 fsync measured). */
const STRICT = { durability: 'strict' } as const;
const CHANNEL = 'fieldbind-outbox';

/** The outbox over IndexedDB: one class for the three sides, because they share one transaction discipline. */
export class IdbOutbox implements Capture, Outbox, OutboxView {
  readonly #db: DatabaseHandle;
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #listeners = new Set<() => void>();

  constructor(db: DatabaseHandle) {
    this.#db = db;
    this.#channel.onmessage = () => this.#tell();
  }

  head(kid: string): Promise<ChainHead> {
    return this.#db.use(async (db) => readHead(await db.get('meta', `head:${kid}`)));
  }

  async append(record: NewRecord): Promise<'stored' | 'head_moved'> {
    const outcome = await this.#db.use(async (db) => {
      const tx = db.transaction(STORES, 'readwrite', STRICT);
      const key = `head:${record.row.kid}`;
      const stored = readHead(await tx.objectStore('meta').get(key));
      // A retry after a lost connection may find its own write: that is success, not a fork.
      if (stored.digest === record.head.digest) return 'stored';
      if (stored.digest !== record.after.digest) {
        tx.abort();
        await tx.done.catch(() => undefined);
        return 'head_moved';
      }
      await tx.objectStore('env').put({ id: record.row.id, jws: record.jws, digest: record.row.digest });
      await tx.objectStore('q').put(record.row);
      await tx.objectStore('meta').put(record.head, key);
      const summary = await readSummary(tx);
      bump(summary, record.row.state, 1);
      if (record.row.typ === 'confirmation+jws' && record.row.about !== null) {
        await move(tx, summary, record.row.about, 'installed', {});
      }
      await tx.objectStore('meta').put(summary, 'sum');
      await tx.done;
      return 'stored';
    });
    this.#changed();
    return outcome;
  }

  lease({ owner, now, until, limit, force }: LeaseTerms) {
    return this.#db.use(async (db) => {
      const tx = db.transaction(STORES, 'readwrite', STRICT);
      const summary = await readSummary(tx);
      const leased: { row: QueuedRecord; jws: string }[] = [];
      // A device whose earlier record is not free keeps its later ones back: order within a lane.
      const blocked = new Set<string>();
      for (const state of ['sending', 'saved'] as const) {
        let cursor = await tx
          .objectStore('q')
          .index('state')
          .openCursor(IDBKeyRange.bound([state, 0], [state, Infinity]));
        for (; cursor !== null && leased.length < limit; cursor = await cursor.continue()) {
          const row = cursor.value;
          const free =
            state === 'saved'
              ? force || row.nextAt <= now
              : row.leaseUntil <= now || row.leaseOwner === owner;
          if (!free || blocked.has(row.udid)) {
            blocked.add(row.udid);
            continue;
          }
          const envelope = await tx.objectStore('env').get(row.id);
          if (envelope === undefined) continue;
          const next = await move(tx, summary, row.id, 'leased', { leaseOwner: owner, leaseUntil: until });
          if (next !== undefined) leased.push({ row: next, jws: envelope.jws });
        }
      }
      await tx.objectStore('meta').put(summary, 'sum');
      await tx.done;
      return leased.sort((a, b) => a.row.seq - b.row.seq);
    });
  }

  async settle(results: readonly Settlement[]): Promise<void> {
    await this.#write(async (tx, summary) => {
      for (const result of results) await settleOne(tx, summary, result);
    });
  }

  async applyChanges(org: string, cursor: string, changes: readonly Change[]): Promise<void> {
    await this.#write(async (tx, summary) => {
      for (const change of changes) {
        await move(tx, summary, change.record, change.outcome, {
          code: change.code ?? null,
          detail: change.detail ?? null,
          decidedAt: change.at,
          unproven: change.unproven ?? false,
          ...(change.certificate === undefined ? {} : { certificate: change.certificate }),
        });
      }
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
    return this.#db.use(async (db) => {
      const tx = db.transaction(['q', 'meta'], 'readonly');
      const stored = ((await tx.objectStore('meta').get('sum')) as Summary | undefined) ?? emptySummary();
      let oldest: number | null = null;
      for (const state of ['saved', 'sending'] as const) {
        const first = await tx
          .objectStore('q')
          .index('state')
          .openCursor(IDBKeyRange.bound([state, 0], [state, Infinity]));
        if (first !== null) oldest = Math.min(oldest ?? Infinity, first.value.createdAt);
      }
      const unsent = (stored.counts.saved ?? 0) + (stored.counts.sending ?? 0);
      return {
        counts: stored.counts,
        unsent,
        oldestUnsentAt: oldest,
        certificatesWaiting: stored.certificatesWaiting,
      };
    });
  }

  page(limit: number, before = Infinity): Promise<readonly QueuedRecord[]> {
    return this.#db.use(async (db) => {
      const rows: QueuedRecord[] = [];
      const range = IDBKeyRange.upperBound(before, true);
      let cursor = await db.transaction('q').store.index('created').openCursor(range, 'prev');
      for (; cursor !== null && rows.length < limit; cursor = await cursor.continue())
        rows.push(cursor.value);
      return rows;
    });
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
      return rows.filter((row) => row.certificate !== null);
    });
  }

  subscribe(onChange: () => void): () => void {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  }

  async #write(work: (tx: Write, summary: Summary) => Promise<void>): Promise<void> {
    await this.#db.use(async (db) => {
      const tx = db.transaction(STORES, 'readwrite', STRICT);
      const summary = await readSummary(tx);
      await work(tx, summary);
      await tx.objectStore('meta').put(summary, 'sum');
      await tx.done;
    });
    this.#changed();
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

async function settleOne(tx: Write, summary: Summary, result: Settlement): Promise<void> {
  const free = { leaseOwner: null, leaseUntil: 0 };
  switch (result.kind) {
    case 'received':
      await tx.objectStore('rcpt').put({ id: result.id, receipt: result.receipt });
      await tx.objectStore('meta').put(result.receiptDigest, 'statement');
      await move(tx, summary, result.id, 'receipt_verified', {
        ...free,
        fault: null,
        receivedAt: result.receivedAt,
      });
      return;
    case 'rejected':
      await move(tx, summary, result.id, 'rejected', { ...free, code: result.code });
      return;
    case 'not_sent': {
      const row = await tx.objectStore('q').get(result.id);
      const attempts = (row?.attempts ?? 0) + 1;
      await move(tx, summary, result.id, 'not_sent', {
        ...free,
        attempts,
        fault: result.fault,
        nextAt: result.nextAt,
      });
    }
  }
}

/** Moves a record along its table and keeps the counts right. A step that means nothing here changes nothing. */
async function move(
  tx: Write,
  summary: Summary,
  id: string,
  event: RecordEvent,
  fields: Partial<QueuedRecord>,
): Promise<QueuedRecord | undefined> {
  const row = await tx.objectStore('q').get(id);
  const state = row && nextRecordState(row.state, event);
  if (row === undefined || state === undefined) return undefined;
  const next: QueuedRecord = { ...row, ...fields, state };
  bump(summary, row.state, -1);
  bump(summary, state, 1);
  summary.certificatesWaiting += waits(next) - waits(row);
  await tx.objectStore('q').put(next);
  return next;
}

function waits(row: QueuedRecord): number {
  return row.state === 'bound' && row.certificate !== null ? 1 : 0;
}

function bump(summary: Summary, state: RecordState, by: number): void {
  summary.counts[state] = (summary.counts[state] ?? 0) + by;
}

async function readSummary(tx: Write): Promise<Summary> {
  return ((await tx.objectStore('meta').get('sum')) as Summary | undefined) ?? emptySummary();
}

function emptySummary(): Summary {
  return { counts: {}, certificatesWaiting: 0 };
}

function readHead(value: unknown): ChainHead {
  if (typeof value !== 'object' || value === null || !('seq' in value) || !('digest' in value))
    return CHAIN_START;
  const { seq, digest } = value;
  return typeof seq === 'number' && typeof digest === 'string' ? { seq, digest } : CHAIN_START;
}
