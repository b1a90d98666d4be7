import type { IDBPTransaction } from 'idb';
import type { OutboxSummary, QueuedRecord, SentAgain } from '../ports/outbox.ts';
import type { Database, Schema, Summary } from './database.ts';
import { AGAIN, emptySummary } from './outbox-write.ts';

/** IndexedDB 3.0: many rows backwards in one request (not in TypeScript's types; Chromium 141). */
interface AllRecords {
  getAllRecords?(options: {
    query: IDBKeyRange;
    direction: 'prev';
    count: number;
  }): Promise<readonly { readonly value: QueuedRecord }[]>;
}

type ReadTransaction = IDBPTransaction<Schema, ('q' | 'meta' | 'device')[], 'readonly'>;

/**
 * One transaction for all that is asked in one go: the first screen wants counts and newest rows together, and each
 * transaction costs a way to the browser's storage process and back.
 */
class ReadTogether {
  #current: { readonly db: Database; readonly tx: ReadTransaction } | undefined;

  of(db: Database): ReadTransaction {
    if (this.#current?.db === db) return this.#current.tx;
    const tx = db.transaction(['q', 'meta', 'device'], 'readonly');
    this.#current = { db, tx };
    // It takes requests as long as the microtasks run in which it was made.
    queueMicrotask(() => {
      this.#current = undefined;
    });
    return tx;
  }
}

/** One for the whole page: the lists of records and of devices are read for the same screen. */
export const together = new ReadTogether();

/** Unsent records by state, each state's oldest first: no other state's name stands between these two. */
const UNSENT = IDBKeyRange.bound(['saved', 0], ['sending', Infinity]);
const SENDING = IDBKeyRange.bound(['sending', 0], ['sending', Infinity]);

/** Counts, and since when the oldest unsent record waits. Asked for together: the first screen waits for this. */
export async function readOverview(tx: ReadTransaction): Promise<OutboxSummary> {
  const unsent = tx.objectStore('q').index('collect');
  const [kept, again, firsts] = await Promise.all([
    tx.objectStore('meta').get('sum'),
    tx.objectStore('meta').get(AGAIN),
    unsent.getAll(UNSENT, 1),
  ]);
  const { counts, certificatesWaiting } = (kept as Summary | undefined) ?? emptySummary();
  // The first of those two ranges is a saved one where there is any: one under way may be older.
  const sending = (counts.sending ?? 0) > 0 ? await unsent.getAll(SENDING, 1) : [];
  const times = [...firsts, ...sending].map(({ createdAt }) => createdAt);
  return {
    counts,
    unsent: (counts.saved ?? 0) + (counts.sending ?? 0),
    oldestUnsentAt: times.length === 0 ? null : Math.min(...times),
    certificatesWaiting,
    ...(again === undefined ? {} : { again: again as SentAgain }),
  };
}

/** The newest rows. Those of one millisecond stay together: `before` could not name a place between them. */
export async function readPage(tx: ReadTransaction, limit: number, before: number): Promise<QueuedRecord[]> {
  const query = IDBKeyRange.upperBound(before, true);
  const index = tx.objectStore('q').index('created');
  const { getAllRecords } = index as AllRecords;
  if (getAllRecords !== undefined && limit > 0) {
    const found = await getAllRecords.call(index, { query, direction: 'prev', count: limit + 1 });
    const rows = found.map(({ value }) => value);
    const next = rows.at(limit);
    if (next === undefined || next.createdAt !== rows.at(limit - 1)?.createdAt) return rows.slice(0, limit);
  }
  const rows: QueuedRecord[] = [];
  let cursor = await index.openCursor(query, 'prev');
  for (; cursor !== null; cursor = await cursor.continue()) {
    if (rows.length >= limit && cursor.value.createdAt !== rows.at(-1)?.createdAt) break;
    rows.push(cursor.value);
  }
  return rows;
}
