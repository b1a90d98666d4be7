import type { QueuedRecord } from '../ports/outbox.ts';

/**
 * By the time of capture, those of one key in its own order. A clock may be set back between two of one key, so a record is taken
 * to be no older than those before it: comparing two keys by time and one by number would else go in a circle.
 */
export function inTime(records: readonly QueuedRecord[]): readonly QueuedRecord[] {
  const latest = new Map<string, number>();
  const timed = [...records]
    .sort((a, b) => a.seq - b.seq || compare(a.id, b.id))
    .map((row) => {
      const time = Math.max(row.createdAt, latest.get(row.kid) ?? -Infinity);
      latest.set(row.kid, time);
      return { row, time };
    });
  return timed
    .sort(
      (a, b) =>
        a.time - b.time ||
        compare(a.row.kid, b.row.kid) ||
        a.row.seq - b.row.seq ||
        compare(a.row.id, b.row.id),
    )
    .map(({ row }) => row);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
