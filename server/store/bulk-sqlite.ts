import { CompiledQuery } from 'kysely';
import type { Db } from './db.ts';
import type { BulkRows, Removal, Selection } from './engine.ts';
import type { Tables } from './tables.ts';

/** The part of a database that prepares statements, and keeps them. */
export interface Preparing {
  prepare(text: string): {
    run(...values: readonly unknown[]): { readonly changes: number };
    all(...values: readonly unknown[]): unknown[];
  };
}

/**
 * One prepared statement, run once for each row: SQLite lives in this process, so that there is no way to be saved, and a
 * statement of many rows would be parsed anew for every number of them. What writes is asked by
 * transactions only, and there is one connection, so the one at hand is on it.
 */
export function bulkInSqlite(sqlite: Preparing): BulkRows {
  return {
    async select<T extends keyof Tables>(db: Db, from: Selection<T>, keys: readonly string[]) {
      const { table, columns = ['*'], key, within, where, tail = '' } = from;
      const of = within === undefined ? '' : ` and ${within.column} = ?`;
      const also = where === undefined ? '' : ` and ${where}`;
      const text = `select ${columns.join(', ')} from ${table} where ${key} in (select value from json_each(?))${of}${also} ${tail}`;
      const values = within === undefined ? [] : [within.value];
      // Also asked outside transactions, so it takes its turn: past the connection it would see what is not committed.
      return (await db.executeQuery<Tables[T]>(CompiledQuery.raw(text, [JSON.stringify(keys), ...values])))
        .rows;
    },
    async insert(_db, { table, columns, unlessThere }, rows) {
      const places = columns.map(() => '?').join(', ');
      const insert = sqlite.prepare(
        `insert into ${table} (${columns.join(', ')}) values (${places})${unlessThere ? ' on conflict do nothing' : ''}`,
      );
      for (const row of rows) insert.run(...row);
    },
    async update(_db, { table, key, columns }, rows) {
      const sets = columns.map((column) => `${column} = ?`).join(', ');
      const update = sqlite.prepare(`update ${table} set ${sets} where ${key} = ?`);
      for (const [id, ...values] of rows) update.run(...values, id);
    },
    async remove<T extends keyof Tables, C extends keyof Tables[T] & string>(
      _db: Db,
      { table, key, returning }: Removal<T, C>,
      keys: readonly string[],
    ) {
      const remove = sqlite.prepare(
        `delete from ${table} where ${key} = ? returning ${returning.join(', ')}`,
      );
      return keys.flatMap((one) => remove.all(one) as Pick<Tables[T], C>[]);
    },
  };
}
