import type { Kysely } from 'kysely';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

export type Value = string | number | Uint8Array | null;

/** What the two database engines do differently; all else is the same code for both. */
export interface Engine {
  /** Exclusive lock: its transactions run alone. */
  readonly db: Kysely<Tables>;
  /** Shared lock: its transactions run concurrently with each other, but never with one of `db`. Row locks keep them apart. */
  readonly shared: Kysely<Tables>;
  /** As `db`, for what may not wait until a full disk has room again. */
  readonly urgent: Kysely<Tables>;
  /** Keeps room on the disk for `urgent` from here on, where the disk is ours. */
  guardRoom(): void;
  /** Makes room for `urgent` on a full disk. False if there is none to be had. */
  makeRoom(): boolean;
  /** A statement that runs before work that may take long, such as an index over millions of rows. */
  readonly beforeLongWork: string | undefined;
  /** Translates a migration's statement, written for SQLite, into this engine's type names, and removes what only SQLite knows. */
  columnTypes(statement: string): string;
  /** Whether the database is still where it was opened. A file may be removed or replaced while it is open. */
  isInPlace(): boolean;
  /** Whether the engine may support PostgreSQL's storage parameters. */
  readonly takesStorageHints: boolean;
  /** Whether an exclusive transaction that ended in this error is retryable: it wrote nothing and was not at fault. */
  isRetryable(error: unknown): boolean;
  /** The same for a shared transaction, which another one may also have beaten to a unique row. */
  isRetryableShared(error: unknown): boolean;
  readonly bulk: BulkRows;
  readonly locking: Locking;
}

/** Suffixes of a SELECT that lock its rows until the transaction ends; empty if only one transaction writes at a time. */
export interface Locking {
  readonly wait: string;
  /** Skips rows that another transaction has locked. */
  readonly skip: string;
}

export const NO_LOCKS: Locking = { wait: '', skip: '' };

/**
 * Bulk statements: many rows of one shape, in the cheapest way for this engine. `db` is the current transaction; a
 * select may also run outside one.
 */
export interface BulkRows {
  /** Rows whose `key` is one of `keys`. */
  select<T extends keyof Tables>(db: Db, from: Selection<T>, keys: readonly string[]): Promise<Tables[T][]>;
  insert(db: Db, into: Insertion, rows: readonly (readonly Value[])[]): Promise<void>;
  /** Each row begins with the value of `key`, then those of `columns`. */
  update(db: Db, of: Update, rows: readonly (readonly Value[])[]): Promise<void>;
  /** Removes the rows whose `key` is one of `keys`, and returns them. */
  remove<T extends keyof Tables, C extends keyof Tables[T] & string>(
    db: Db,
    of: Removal<T, C>,
    keys: readonly string[],
  ): Promise<Pick<Tables[T], C>[]>;
}

export interface Selection<T extends keyof Tables> {
  readonly table: T;
  /** All columns, if left out. */
  readonly columns?: readonly (keyof Tables[T] & string)[];
  readonly key: keyof Tables[T] & string;
  /** Restricts the rows to one value of a column. */
  readonly within?: { readonly column: keyof Tables[T] & string; readonly value: string };
  /** A further condition, in SQL that every engine understands. */
  readonly where?: string;
  /** One of Locking's suffixes, preceded by the ORDER BY. */
  readonly tail?: string;
}

export interface Insertion {
  readonly table: keyof Tables;
  readonly columns: readonly string[];
  /** If true, a row that exists already stays as it is. */
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
