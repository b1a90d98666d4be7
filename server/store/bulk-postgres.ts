import { CompiledQuery } from 'kysely';
import { binaryArray, type ElementType } from './binary-array.ts';
import type { Db } from './db.ts';
import type { BulkRows, Removal, Selection, Value } from './engine.ts';
import { storable } from './storable.ts';
import type { Tables } from './tables.ts';

type Rows = readonly (readonly Value[])[];

/**
 * Bulk statements with one array parameter for each column. The statement does not depend on the number of rows, so
 * it is parsed and planned once for each connection; a list of rows would have a thousand parameters and a plan for
 * every length. A column that is null in every row gets no array, since its values say nothing about its type.
 */
export const bulkInPostgres: BulkRows = {
  async select<T extends keyof Tables>(db: Db, from: Selection<T>, keys: readonly string[]) {
    const { table, columns = ['*'], key, within, where, tail = '' } = from;
    const of = within === undefined ? '' : ` and ${within.column} = $2`;
    const also = where === undefined ? '' : ` and ${where}`;
    const text = `select ${columns.join(', ')} from ${table} where ${key} = any($1::text[])${of}${also} ${tail}`;
    const asked = binaryArray('text', keys.map(storable));
    const values = within === undefined ? [asked] : [asked, storable(within.value)];
    return (await db.executeQuery<Tables[T]>(CompiledQuery.raw(text, values))).rows;
  },
  async insert(db, { table, columns, unlessThere }, rows) {
    const { names, arrays, source } = unnested(columns, rows);
    const text = `insert into ${table} (${names.join(', ')}) select * from ${source}${unlessThere ? ' on conflict do nothing' : ''}`;
    await db.executeQuery(CompiledQuery.raw(text, arrays));
  },
  async update(db, { table, key, columns }, rows) {
    const { names, arrays, source } = unnested([key, ...columns], rows);
    const sets = columns.map((column) => `${column} = ${names.includes(column) ? `v.${column}` : 'null'}`);
    const text = `update ${table} set ${sets.join(', ')} from ${source} where ${table}.${key} = v.${key}`;
    await db.executeQuery(CompiledQuery.raw(text, arrays));
  },
  async remove<T extends keyof Tables, C extends keyof Tables[T] & string>(
    db: Db,
    { table, key, returning }: Removal<T, C>,
    keys: readonly string[],
  ) {
    const text = `delete from ${table} where ${key} = any($1::text[]) returning ${returning.join(', ')}`;
    const asked = binaryArray('text', keys.map(storable));
    return (await db.executeQuery<Pick<Tables[T], C>>(CompiledQuery.raw(text, [asked]))).rows;
  },
};

/** The columns with values, as a table for the FROM clause. */
function unnested(columns: readonly string[], rows: Rows) {
  const names: string[] = [];
  const arrays: Buffer[] = [];
  const types: string[] = [];
  for (const [index, column] of columns.entries()) {
    const values = rows.map((row) => storable(row[index] ?? null));
    const type = typeOf(values);
    if (type === undefined) continue;
    arrays.push(binaryArray(type, values));
    names.push(column);
    types.push(`$${arrays.length}::${type}[]`);
  }
  return { names, arrays, source: `unnest(${types.join(', ')}) as v (${names.join(', ')})` };
}

function typeOf(values: readonly Value[]): ElementType | undefined {
  const value = values.find((one) => one !== null) ?? null;
  if (value === null) return undefined;
  if (typeof value === 'number') return 'bigint';
  return value instanceof Uint8Array ? 'bytea' : 'text';
}
