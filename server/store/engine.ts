import type { Kysely } from 'kysely';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

export type Value = string | number | Uint8Array | null;

/** What one kind of database does in its own way; all else is one code for both. */
export interface Engine {
  /** Exclusive: a transaction of it has everything to itself. */
  readonly db: Kysely<Tables>;
  /** Shared: its transactions run beside each other, and beside none of `db`. What they touch is kept apart row by row. */
  readonly shared: Kysely<Tables>;
  /** A statement for the beginning of work that may take long, as an index over millions of rows does. */
  readonly beforeLongWork: string | undefined;
  /** A migration's statement, written for SQLite, with this engine's names of types and without what only SQLite knows. */
  columnTypes(statement: string): string;
  /** Whether it may know PostgreSQL's settings of how a table lies on the disk. */
  readonly takesStorageHints: boolean;
  /** Whether an exclusive transaction that ended in this error may be run again: it wrote nothing, through no fault of its own. */
  isRetryable(error: unknown): boolean;
  /** The same of a shared one, where another may just have written a row that this one took for free. */
  isRetryableShared(error: unknown): boolean;
  readonly bulk: BulkRows;
  readonly locking: Locking;
}

/** What stands at the end of a SELECT whose rows are to stay as they are until the transaction ends; nothing where one writes at a time. */
export interface Locking {
  readonly wait: string;
  /** Rows that another transaction has locked are left out. */
  readonly skip: string;
}

export const NO_LOCKS: Locking = { wait: '', skip: '' };

/** Bulk statements: many rows of one shape, in the way that costs this engine least. `db` is the transaction at hand; to select, it may be none. */
export interface BulkRows {
  /** Rows whose `key` is one of `keys`. */
  select<T extends keyof Tables>(db: Db, from: Selection<T>, keys: readonly string[]): Promise<Tables[T][]>;
  insert(db: Db, into: Insertion, rows: readonly (readonly Value[])[]): Promise<void>;
  /** Each row begins with the value of `key`, then those of `columns`. */
  update(db: Db, of: Update, rows: readonly (readonly Value[])[]): Promise<void>;
  /** Removes the rows whose `key` is one of `keys`, and gives them. */
  remove<T extends keyof Tables, C extends keyof Tables[T] & string>(
    db: Db,
    of: Removal<T, C>,
    keys: readonly string[],
  ): Promise<Pick<Tables[T], C>[]>;
}

export interface Selection<T extends keyof Tables> {
  readonly table: T;
  /** All, if left out. */
  readonly columns?: readonly (keyof Tables[T] & string)[];
  readonly key: keyof Tables[T] & string;
  /** Rows of this kind only. */
  readonly within?: { readonly column: keyof Tables[T] & string; readonly value: string };
  /** A further condition, in words that every engine knows. */
  readonly where?: string;
  /** One of Locking's, with the order that goes before it. */
  readonly tail?: string;
}

export interface Insertion {
  readonly table: keyof Tables;
  readonly columns: readonly string[];
  /** A row that is there already stays as it is. */
  readonly unlessThere: boolean;
}

export interface Removal<T extends keyof Tables, C extends keyof Tables[T] & string> {
  readonly table: T;
  readonly key: keyof Tables[T] & string;
  readonly returning: readonly C[];
}

export interface Update {
  readonly table: keyof Tables;
  readonly key: string;
  readonly columns: readonly string[];
}
