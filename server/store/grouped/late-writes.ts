import type { Insertable } from 'kysely';
import type { Db } from '../db.ts';
import type { BulkRows, Value } from '../engine.ts';
import type { Tables } from '../tables.ts';

export type Table = 'bindings' | 'intents' | 'records' | 'envelopes' | 'statements' | 'handed';
/** The table and columns of an update. Updates with the same kind object are written together. */
export interface UpdateShape {
  readonly table: Table;
  readonly key: string;
  readonly columns: readonly string[];
}

/** Collects writes until the end of a transaction, so that each table is written with few statements. */
export interface LateWrites {
  /** All rows of one table must have the same columns. */
  insert<T extends Table>(table: T, row: Insertable<Tables[T]>): void;
  /** Sets the kind's columns of the row whose key is `id`, in their order. */
  set(kind: UpdateShape, id: string, values: readonly Value[]): void;
  flush(): Promise<void>;
}

export function lateWrites(db: Db, bulk: BulkRows): LateWrites {
  const inserts = new Map<Table, Readonly<Record<string, Value>>[]>();
  const updates = new Map<UpdateShape, Map<string, readonly Value[]>>();
  return {
    insert(table, row) {
      const pending = inserts.get(table);
      if (pending === undefined) inserts.set(table, [row as never]);
      else pending.push(row as never);
    },
    set(kind, id, values) {
      const pending = updates.get(kind);
      if (pending === undefined) updates.set(kind, new Map([[id, values]]));
      else pending.set(id, values);
    },
    async flush() {
      for (const [table, rows] of inserts) {
        const columns = Object.keys(rows[0] ?? {});
        // If two transactions create a binding of the same device, the second waits. Sorted rows give both the same
        // order, so they cannot deadlock.
        if (table === 'bindings') rows.sort((one, other) => compare(one.udid, other.udid));
        // A statement signed twice within a millisecond has the same text, so it may be logged already.
        const into = { table, columns, unlessThere: table === 'statements' || table === 'handed' };
        const values = rows.map((row) => columns.map((column) => row[column] ?? null));
        await bulk.insert(db, into, values);
      }
      for (const [kind, rows] of updates) {
        const inOrder = [...rows].sort(([one], [other]) => compare(one, other));
        await bulk.update(
          db,
          kind,
          inOrder.map(([id, values]) => [id, ...values]),
        );
      }
      inserts.clear();
      updates.clear();
    },
  };
}

function compare(one: Value | undefined, other: Value | undefined): number {
  if (one === other) return 0;
  return String(one) < String(other) ? -1 : 1;
}
