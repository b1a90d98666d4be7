import type { OutboxSummary, QueuedRecord } from '../ports/outbox.ts';
import type { Database, Summary } from './database.ts';
import { emptySummary } from './outbox-write.ts';

/** IndexedDB 3.0: many rows backwards in one request (not in TypeScript's types; Chromium 141). */
interface AllRecords {
  getAllRecords?(options: {
    query: IDBKeyRange;
    direction: 'prev';
    count: number;
  }): Promise<readonly { readonly value: QueuedRecord }[]>;
}

/** Counts, and since when the oldest unsent record waits. Asked for together: the first screen waits for this. */
export async function readOverview(db: Database): Promise<OutboxSummary> {
  const tx = db.transaction(['q', 'meta'], 'readonly');
  const index = tx.objectStore('q').index('collect');
  const oldestOf = (state: string) => index.getAll(IDBKeyRange.bound([state, 0], [state, Infinity]), 1);
  const [kept, ...firsts] = await Promise.all([
    tx.objectStore('meta').get('sum'),
    oldestOf('saved'),
    oldestOf('sending'),
  ]);
  const { counts, certificatesWaiting } = (kept as Summary | undefined) ?? emptySummary();
  const times = firsts.flat().map(({ createdAt }) => createdAt);
  return {
    counts,
    unsent: (counts.saved ?? 0) + (counts.sending ?? 0),
    oldestUnsentAt: times.length === 0 ? null : Math.min(...times),
    certificatesWaiting,
  };
}

/** The newest rows. Those of one millisecond stay together: `before` could not name a place between them. */
export async function readPage(db: Database, limit: number, before: number): Promise<QueuedRecord[]> {
  const query = IDBKeyRange.upperBound(before, true);
  const index = db.transaction('q').store.index('created');
  const { getAllRecords } = index as AllRecords;
  if (getAllRecords !== undefined && limit > 0) {
    const found = await getAllRecords.call(index, { query, direction: 'prev', count: limit + 1 });
    const rows = found.map(({ value }) => value);
    const next = rows.at(limit);
    if (next === undefined || next.createdAt !== rows.at(limit - 1)?.createdAt) return rows.slice(0, limit);
  }
  const rows: QueuedRecord[] = [];
  let cursor = await db.transaction('q').store.index('created').openCursor(query, 'prev');
  for (; cursor !== null; cursor = await cursor.continue()) {
    if (rows.length >= limit && cursor.value.createdAt !== rows.at(-1)?.createdAt) break;
    rows.push(cursor.value);
  }
  return rows;
}
