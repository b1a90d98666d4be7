import type { Insertable } from 'kysely';
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db.ts';
import type { Tables } from '../tables.ts';

/** Rows of one statement: far below the number of parameters that SQLite (32,766) and PostgreSQL (65,535) take. */
const ROWS = 500;

export type Table =
  | 'bindings'
  | 'certificates'
  | 'changes'
  | 'audit'
  | 'records'
  | 'envelopes'
  | 'statements';
/** Columns that are set row by row, after the one that names the row. */
export type Columns = Readonly<Record<string, string | Uint8Array | null>>;

/** Writes kept until the end of a transaction, so that each table takes its rows with few statements. */
export interface LateWrites {
  insert<T extends Table>(table: T, row: Insertable<Tables[T]>): void;
  /** Sets `columns` of the row whose `key` is `id`. Every call for one table names the same columns. */
  set(table: Table, key: string, id: string, columns: Columns): void;
  /** Gives how many rows were set. */
  flush(): Promise<Readonly<Record<string, number>>>;
}

/** `bytes`: what this engine calls a column of bytes. */
export function lateWrites(db: Db, bytes: string): LateWrites {
  const inserts = new Map<Table, object[]>();
  const updates = new Map<string, { table: Table; key: string; rows: Map<string, Columns> }>();
  return {
    insert(table, row) {
      const there = inserts.get(table);
      if (there === undefined) inserts.set(table, [row]);
      else there.push(row);
    },
    set(table, key, id, columns) {
      const name = `${table} ${Object.keys(columns).join(' ')}`;
      const there = updates.get(name);
      if (there === undefined) updates.set(name, { table, key, rows: new Map([[id, columns]]) });
      else there.rows.set(id, columns);
    },
    async flush() {
      for (const [table, rows] of inserts) {
        for (const some of chunks(rows)) {
          const insert = db.insertInto(table).values(some as never);
          // A statement is logged again where its very words were given twice within a millisecond.
          await (table === 'statements' ? insert.onConflict((c) => c.doNothing()) : insert).execute();
        }
      }
      const counts: Record<string, number> = {};
      for (const [name, { table, key, rows }] of updates) {
        for (const some of chunks([...rows])) {
          const done = await setRows(table, key, some, bytes).execute(db);
          counts[name] = (counts[name] ?? 0) + Number(done.numAffectedRows ?? 0);
        }
      }
      inserts.clear();
      updates.clear();
      return counts;
    },
  };
}

function chunks<R>(rows: readonly R[]): R[][] {
  const out: R[][] = [];
  for (let from = 0; from < rows.length; from += ROWS) out.push(rows.slice(from, from + ROWS));
  return out;
}

/** `values` names its columns column1, column2, … in every engine; in PostgreSQL a bare parameter in it counts as text. */
function setRows(
  table: Table,
  key: string,
  rows: readonly (readonly [string, Columns])[],
  bytes: string,
): RawBuilder<unknown> {
  const names = Object.keys(rows[0]?.[1] ?? {});
  const typed = (value: Columns[string]) =>
    value instanceof Uint8Array ? sql`cast(${value} as ${sql.raw(bytes)})` : sql`${value}`;
  const sets = names.map((name, index) => sql`${sql.ref(name)} = ${sql.ref(`v.column${index + 2}`)}`);
  const values = rows.map(
    ([id, columns]) => sql`(${sql.join([id, ...names.map((name) => typed(columns[name] ?? null))])})`,
  );
  return sql`update ${sql.table(table)} set ${sql.join(sets)} from (values ${sql.join(values)}) as v
    where ${sql.ref(`${table}.${key}`)} = ${sql.ref('v.column1')}${table === 'certificates' ? sql` and certificates.state = 'intended'` : sql``}`;
}
