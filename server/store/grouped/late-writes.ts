import type { Insertable } from 'kysely';
import type { Db } from '../db.ts';
import type { ManyRows, Value } from '../engine.ts';
import type { Tables } from '../tables.ts';

export type Table = 'bindings' | 'certificates' | 'records' | 'envelopes' | 'statements';
/** Columns that are set row by row, after the one that names the row. */
export type Columns = Readonly<Record<string, string | Uint8Array | null>>;

/** Writes kept until the end of a transaction, so that each table takes its rows together. */
export interface LateWrites {
  /** Every row of one table has the same columns. */
  insert<T extends Table>(table: T, row: Insertable<Tables[T]>): void;
  /** Sets `columns` of the row whose `key` is `id`. Every call for one table names the same columns. */
  set(table: Table, key: string, id: string, columns: Columns): void;
  /** Gives how many rows were set. */
  flush(): Promise<Readonly<Record<string, number>>>;
}

interface Settings {
  readonly table: Table;
  readonly key: string;
  readonly columns: readonly string[];
  readonly rows: Map<string, Columns>;
}

export function lateWrites(db: Db, many: ManyRows): LateWrites {
  const inserts = new Map<Table, Readonly<Record<string, Value>>[]>();
  const updates = new Map<string, Settings>();
  return {
    insert(table, row) {
      const there = inserts.get(table);
      if (there === undefined) inserts.set(table, [row as never]);
      else there.push(row as never);
    },
    set(table, key, id, values) {
      const columns = Object.keys(values);
      const name = `${table} ${columns.join(' ')}`;
      const there = updates.get(name);
      if (there === undefined) updates.set(name, { table, key, columns, rows: new Map([[id, values]]) });
      else there.rows.set(id, values);
    },
    async flush() {
      for (const [table, rows] of inserts) {
        const columns = Object.keys(rows[0] ?? {});
        // Where two transactions make the same device's binding, the second waits; in one order, none waits for the other.
        if (table === 'bindings') rows.sort((one, other) => compare(one.udid, other.udid));
        // A statement is logged again where its very words were given twice within a millisecond.
        const into = { table, columns, unlessThere: table === 'statements' };
        const values = rows.map((row) => columns.map((column) => row[column] ?? null));
        await many.insert(db, into, values);
      }
      const counts: Record<string, number> = {};
      for (const [name, { table, key, columns, rows }] of updates) {
        const where = table === 'certificates' ? "state = 'intended'" : undefined;
        const inOrder = [...rows].sort(([one], [other]) => compare(one, other));
        const values = inOrder.map(([id, row]) => [id, ...columns.map((column) => row[column] ?? null)]);
        counts[name] = await many.update(db, { table, key, columns, where }, values);
      }
      inserts.clear();
      updates.clear();
      return counts;
    },
  };
}

function compare(one: Value | undefined, other: Value | undefined): number {
  if (one === other) return 0;
  return String(one) < String(other) ? -1 : 1;
}
