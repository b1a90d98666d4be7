import { type Accord, NO_ACCORD, type RecordPapers, type SendAgain } from '../ports/again.ts';
import type { QueuedRecord, SentAgain, Settlement } from '../ports/outbox.ts';
import type { Database, DatabaseHandle, Summary } from './database.ts';
import type { IdbOutbox } from './outbox.ts';
import { readHead, TAKEN } from './outbox-keeping.ts';
import type { Write } from './outbox-stores.ts';
import { AGAIN, moved, putRows } from './outbox-write.ts';
import { putMany, readMany } from './rows.ts';

/** Keys of `meta`. */
const ACCORD = 'accord';
/** Rows read at a time: it costs no more than all at once, and bounds what is in memory. */
const PAGE = 500;
const HEAD = 'head:';

/** What the backend lost, over the same database as the outbox. It comes when something is sent, not with the first screen. */
export class IdbAgain implements SendAgain {
  readonly #db: DatabaseHandle;
  readonly #outbox: Pick<IdbOutbox, 'write'>;

  constructor(db: DatabaseHandle, outbox: Pick<IdbOutbox, 'write'>) {
    this.#db = db;
    this.#outbox = outbox;
  }

  chains() {
    return this.#db.use(chains);
  }

  accord(): Promise<Accord> {
    return this.#db.use(readAccord);
  }

  async noteAccord(change: Partial<Accord>, again?: SentAgain | null): Promise<void> {
    await this.#outbox.write((tx) => writeAccord(tx, change, again));
  }

  rowsWhere(which: (row: QueuedRecord) => boolean) {
    return this.#db.use((db) => rowsWhere(db, which));
  }

  papers(ids: readonly string[]) {
    return this.#db.use((db) => papersOf(db, ids));
  }

  async settleAgain(results: readonly Settlement[]): Promise<void> {
    await this.#outbox.write((tx, summary) => settleAgain(tx, summary, results));
  }

  async revive(ids: readonly string[]): Promise<void> {
    await this.#outbox.write((tx, summary) => revive(tx, summary, ids));
  }
}

/** By operator key, and by number within one. */
async function rowsWhere(
  db: Database,
  which: (row: QueuedRecord) => boolean,
): Promise<readonly QueuedRecord[]> {
  const found: QueuedRecord[] = [];
  let after: string | undefined;
  for (;;) {
    const range = after === undefined ? null : IDBKeyRange.lowerBound(after, true);
    const rows = await db.getAll('q', range, PAGE);
    found.push(...rows.filter(which));
    after = rows.at(-1)?.id;
    if (rows.length < PAGE) break;
  }
  return inChainOrder(found);
}

/** Chains in the order in which they began, each by its numbers. */
function inChainOrder(rows: QueuedRecord[]): QueuedRecord[] {
  const since = new Map<string, number>();
  for (const { kid, createdAt } of rows) since.set(kid, Math.min(since.get(kid) ?? Infinity, createdAt));
  const began = (row: QueuedRecord) => since.get(row.kid) ?? 0;
  return rows.sort((a, b) =>
    a.kid === b.kid ? a.seq - b.seq : began(a) - began(b) || (a.kid < b.kid ? -1 : 1),
  );
}

async function chains(db: Database): Promise<{ kid: string; seq: number }[]> {
  const heads = IDBKeyRange.bound(HEAD, `${HEAD}\uffff`);
  const meta = db.transaction('meta').store;
  const [keys, values, taken] = await Promise.all([
    meta.getAllKeys(heads),
    meta.getAll(heads),
    meta.count(TAKEN),
  ]);
  const found = new Map(keys.map((key, i) => [key.slice(HEAD.length), readHead(values[i]).seq]));
  // A colleague's records begin no chain here, and this phone may be the only one that still has them.
  const foreign = taken === 0 ? [] : await rowsWhere(db, ({ origin }) => origin === 'code');
  for (const { kid, seq } of foreign) found.set(kid, Math.max(found.get(kid) ?? 0, seq));
  return Array.from(found, ([kid, seq]) => ({ kid, seq }));
}

async function readAccord(db: Database): Promise<Accord> {
  return { ...NO_ACCORD, ...((await db.get('meta', ACCORD)) as Partial<Accord> | undefined) };
}

async function writeAccord(
  tx: Write,
  change: Partial<Accord>,
  again: SentAgain | null | undefined,
): Promise<void> {
  const meta = tx.objectStore('meta');
  const before = (await meta.get(ACCORD)) as Partial<Accord> | undefined;
  await meta.put({ ...NO_ACCORD, ...before, ...change }, ACCORD);
  if (again === null) await meta.delete(AGAIN);
  else if (again !== undefined) await meta.put(again, AGAIN);
}

async function papersOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, RecordPapers>> {
  const tx = db.transaction(['env', 'rcpt']);
  const [envelopes, receipts] = await Promise.all([
    readMany(tx.objectStore('env'), ids),
    readMany(tx.objectStore('rcpt'), ids),
  ]);
  const papers = new Map<string, RecordPapers>();
  for (const [id, { jws }] of envelopes) {
    const kept = receipts.get(id);
    const both = kept === undefined ? [] : [kept.receipt, ...(kept.again === undefined ? [] : [kept.again])];
    papers.set(id, { jws, receipts: both });
  }
  return papers;
}

/** A first receipt stays: it says when the backend first had the record. */
async function settleAgain(tx: Write, summary: Summary, results: readonly Settlement[]): Promise<void> {
  const ids = results.map(({ id }) => id);
  const rows = await readMany(tx.objectStore('q'), ids);
  const kept = await readMany(tx.objectStore('rcpt'), ids);
  const meta = tx.objectStore('meta');
  let done = 0;
  for (const result of results) {
    const row = rows.get(result.id);
    if (row === undefined) continue;
    if (result.kind === 'rejected') {
      const next = moved(summary, row, 'rejected_again', { code: result.code });
      if (next !== undefined) putRows(tx, [next]);
    }
    if (result.kind === 'received') {
      const { id, receipt, receiptDigest } = result;
      const first = kept.get(id)?.receipt ?? receipt;
      putMany(tx.objectStore('rcpt'), [
        { id, receipt: first, ...(first === receipt ? {} : { again: receipt }) },
      ]);
      await meta.put(receiptDigest, 'statement');
      done += 1;
    }
  }
  const again = (await meta.get(AGAIN)) as SentAgain | undefined;
  if (again !== undefined && done > 0) await meta.put({ ...again, done: again.done + done }, AGAIN);
}

async function revive(tx: Write, summary: Summary, ids: readonly string[]): Promise<void> {
  const rows = await readMany(tx.objectStore('q'), ids);
  for (const row of rows.values()) {
    const next = row.state === 'rejected' ? moved(summary, row, 'retried', { code: null, fault: null }) : row;
    if (next !== undefined) putRows(tx, [{ ...next, nextAt: 0 }]);
  }
}
