import type { ManyRows } from './engine.ts';

/** The part of a database that prepares statements, and keeps them. */
export interface Preparing {
  prepare(text: string): { run(...values: readonly unknown[]): { readonly changes: number } };
}

/**
 * One prepared statement, run once for each row: SQLite lives in this process, so that there is no way to be saved, and a
 * statement of many rows would be parsed anew for every number of them. There is one connection, so the transaction at
 * hand is on it.
 */
export function manyInSqlite(sqlite: Preparing): ManyRows {
  return {
    async insert(_db, { table, columns, unlessThere }, rows) {
      const places = columns.map(() => '?').join(', ');
      const insert = sqlite.prepare(
        `insert into ${table} (${columns.join(', ')}) values (${places})${unlessThere ? ' on conflict do nothing' : ''}`,
      );
      for (const row of rows) insert.run(...row);
    },
    async update(_db, { table, key, columns, where }, rows) {
      const sets = columns.map((column) => `${column} = ?`).join(', ');
      const also = where === undefined ? '' : ` and ${where}`;
      const update = sqlite.prepare(`update ${table} set ${sets} where ${key} = ?${also}`);
      let count = 0;
      for (const [id, ...values] of rows) count += update.run(...values, id).changes;
      return count;
    },
  };
}
