import type { IDBPTransaction } from 'idb';
import type { Change } from '../../contract/change.ts';
import { CHAIN_START, type ChainHead } from '../../core/envelope.ts';
import { isUnsent, nextRecordState, type RecordEvent, type RecordState } from '../../core/record-state.ts';
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
import { type DatabaseHandle, type Schema, type Summary, writeStrictly } from './database.ts';

type Write = IDBPTransaction<Schema, ('env' | 'q' | 'meta' | 'rcpt')[], 'readwrite'>;
const STORES: ('env' | 'q' | 'meta' | 'rcpt')[] = ['env', 'q', 'meta', 'rcpt'];
const CHANNEL = 'fieldbind-outbox';

/** The outbox over IndexedDB: one class for the three sides, because they share one transaction discipline. */
export class IdbOutbox implements Capture, Outbox, OutboxView, Retry {
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
    const outcome = await this.#db.use((db) => writeStrictly(db, STORES, (tx) => store(tx, record)));
    this.#changed();
    return outcome;
  }

  lease({ owner, now, until, limit, force, alone }: LeaseTerms) {
    return this.#write(async (tx, summary) => {
      const leased: { row: QueuedRecord; jws: string }[] = [];
      const ids = new Set<string>();
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
              : alone || row.leaseUntil <= now || row.leaseOwner === owner;
          if (!free || (await waitsForEarlier(tx, row, ids))) continue;
          const envelope = await tx.objectStore('env').get(row.id);
          if (envelope === undefined) continue;
          const next = await move(tx, summary, row.id, 'leased', { leaseOwner: owner, leaseUntil: until });
          if (next === undefined) continue;
          leased.push({ row: next, jws: envelope.jws });
          ids.add(row.id);
        }
      }
      return inChainOrder(leased);
    });
  }

  async settle(results: readonly Settlement[]): Promise<void> {
    await this.#write(async (tx, summary) => {
      for (const result of results) await settleOne(tx, summary, result);
    });
  }

  async retry(id: string): Promise<void> {
    await this.#write(async (tx, summary) => {
      await move(tx, summary, id, 'retried', { code: null, fault: null, nextAt: 0 });
    });
  }

  async applyChanges(org: string, cursor: string, changes: readonly Change[]): Promise<void> {
    await this.#write(async (tx, summary) => {
      for (const change of changes) await decide(tx, summary, change);
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
          .index('collect')
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
      for (; cursor !== null; cursor = await cursor.continue()) {
        // Rows of one millisecond stay together: `before` could not name a place between them.
        if (rows.length >= limit && cursor.value.createdAt !== rows.at(-1)?.createdAt) break;
        rows.push(cursor.value);
      }
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

  /** Of the channel: one left open keeps listening for as long as its page or worker lives. */
  close(): void {
    this.#channel.close();
  }

  async #write<T>(work: (tx: Write, summary: Summary) => Promise<T>): Promise<T> {
    const result = await this.#db.use((db) =>
      writeStrictly(db, STORES, async (tx) => {
        const summary = await readSummary(tx);
        const value = await work(tx, summary);
        await tx.objectStore('meta').put(summary, 'sum');
        return value;
      }),
    );
    this.#changed();
    return result;
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

async function store(tx: Write, { row, jws, after, head }: NewRecord): Promise<'stored' | 'head_moved'> {
  const key = `head:${row.kid}`;
  const stored = readHead(await tx.objectStore('meta').get(key));
  if (stored.digest !== after.digest) {
    // A retry after a lost connection may find its own write: that is success, not a fork.
    const own = await tx.objectStore('env').get(row.id);
    return own?.digest === row.digest ? 'stored' : 'head_moved';
  }
  // `add`: an envelope that is there is never written over.
  await tx.objectStore('env').add({ id: row.id, jws, digest: row.digest });
  await tx.objectStore('q').put(row);
  await tx.objectStore('meta').put(head, key);
  const summary = await readSummary(tx);
  bump(summary, row.state, 1);
  if (row.typ === 'confirmation+jws' && row.about !== null) {
    await move(tx, summary, row.about, 'installed', {});
  }
  await tx.objectStore('meta').put(summary, 'sum');
  return 'stored';
}

/** Whether an earlier record of the same device still waits, and does not go along: order within a lane. */
async function waitsForEarlier(tx: Write, row: QueuedRecord, along: ReadonlySet<string>): Promise<boolean> {
  const lane = IDBKeyRange.bound([row.udid, 0], [row.udid, Infinity]);
  for (const other of await tx.objectStore('q').index('device').getAll(lane)) {
    // Numbers count within one operator key; over a change of key only time says what came first.
    const earlier = other.kid === row.kid ? other.seq < row.seq : other.createdAt < row.createdAt;
    if (earlier && isUnsent(other.state) && !along.has(other.id)) return true;
  }
  return false;
}

/** By operator key, the one used first before the other, then by number. */
function inChainOrder<T extends { readonly row: QueuedRecord }>(leased: T[]): T[] {
  const since = new Map<string, number>();
  for (const { row } of leased) since.set(row.kid, Math.min(since.get(row.kid) ?? Infinity, row.createdAt));
  return leased.sort((a, b) =>
    a.row.kid === b.row.kid
      ? a.row.seq - b.row.seq
      : (since.get(a.row.kid) ?? 0) - (since.get(b.row.kid) ?? 0),
  );
}

/**
 * Applies one outcome. It may overtake the receipt: the answer to a batch was lost, the server decided, and another
 * record's drain fetched the changes. The cursor moves past it, so it is kept until the receipt is there.
 */
async function decide(tx: Write, summary: Summary, change: Change): Promise<void> {
  const row = await tx.objectStore('q').get(change.record);
  if (row !== undefined && isUnsent(row.state)) {
    const key = `early:${change.record}`;
    const early = ((await tx.objectStore('meta').get(key)) as Change[] | undefined) ?? [];
    await tx.objectStore('meta').put([...early, change], key);
    return;
  }
  await move(tx, summary, change.record, change.outcome, {
    code: change.code ?? null,
    detail: change.detail ?? null,
    decidedAt: change.at,
    unproven: change.unproven ?? false,
    ...(change.certificate === undefined ? {} : { certificate: change.certificate }),
  });
}

async function decideEarly(tx: Write, summary: Summary, id: string): Promise<void> {
  const key = `early:${id}`;
  const early = (await tx.objectStore('meta').get(key)) as Change[] | undefined;
  if (early === undefined) return;
  await tx.objectStore('meta').delete(key);
  for (const change of early) await decide(tx, summary, change);
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
      await decideEarly(tx, summary, result.id);
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
