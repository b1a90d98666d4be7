import { CompiledQuery } from 'kysely';
import type { Db } from './db.ts';
import type { BulkRows, Removal, Selection } from './engine.ts';
import type { Tables } from './tables.ts';

/** A database that prepares statements and caches them. */
export interface StatementCache {
  prepare(text: string): {
    run(values: readonly unknown[]): { readonly changes: number };
    all(values: readonly unknown[]): unknown[];
  };
}

/**
 * Bulk statements as one prepared statement that runs once for each row: SQLite runs in this process, so there is no
 * round trip to save, and a statement of many rows would be parsed anew for every number of rows. Only transactions
 * write, and there is one connection, so a write always runs in the current transaction.
 */
export function bulkInSqlite(sqlite: StatementCache): BulkRows {
  return {
    async select<T extends keyof Tables>(db: Db, from: Selection<T>, keys: readonly string[]) {
      const { table, columns = ['*'], key, within, where, tail = '' } = from;
      const of = within === undefined ? '' : ` and ${within.column} = ?`;
      const also = where === undefined ? '' : ` and ${where}`;
      const text = `select ${columns.join(', ')} from ${table} where ${key} in (select value from json_each(?))${of}${also} ${tail}`;
      const values = within === undefined ? [] : [within.value];
      // Reads are also made outside transactions, so they go through Kysely and wait for their turn: on the
      // connection itself they would see uncommitted rows.
      return (await db.executeQuery<Tables[T]>(CompiledQuery.raw(text, [JSON.stringify(keys), ...values])))
        .rows;
    },
    async insert(_db, { table, columns, unlessThere }, rows) {
      const places = columns.map(() => '?').join(', ');
      const insert = sqlite.prepare(
        `insert into ${table} (${columns.join(', ')}) values (${places})${unlessThere ? ' on conflict do nothing' : ''}`,
      );
      for (const row of rows) insert.run(row);
    },
    async update(_db, { table, key, columns }, rows) {
      const sets = columns.map((column) => `${column} = ?`).join(', ');
      const update = sqlite.prepare(`update ${table} set ${sets} where ${key} = ?`);
      for (const [id, ...values] of rows) update.run([...values, id]);
    },
    async remove<T extends keyof Tables, C extends keyof Tables[T] & string>(
      _db: Db,
      { table, key, returning }: Removal<T, C>,
      keys: readonly string[],
    ) {
      const remove = sqlite.prepare(
        `delete from ${table} where ${key} = ? returning ${returning.join(', ')}`,
      );
      return keys.flatMap((one) => remove.all([one]) as Pick<Tables[T], C>[]);
    },
  };
}
