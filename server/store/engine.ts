import type { Kysely } from 'kysely';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

export type Value = string | number | Uint8Array | null;

/** What one kind of database does in its own way; all else is one code for both. */
export interface Engine {
  readonly db: Kysely<Tables>;
  /** Said at the beginning of work that may take long, as an index over millions of rows does. */
  readonly patience: string | undefined;
  /** A migration's statement, written for SQLite, with this engine's names of types. */
  columnTypes(statement: string): string;
  /** Whether a transaction that ended in this error may simply be run again: it came to nothing, through no fault of its own. */
  again(error: unknown): boolean;
  readonly many: ManyRows;
}

/** Many rows of one shape, in the way that costs this engine least. `db` is the transaction at hand. */
export interface ManyRows {
  insert(db: Db, into: Insertion, rows: readonly (readonly Value[])[]): Promise<void>;
  /** Each row begins with the value of `key`, then those of `columns`. Gives how many rows were set. */
  update(db: Db, of: Update, rows: readonly (readonly Value[])[]): Promise<number>;
}

export interface Insertion {
  readonly table: keyof Tables;
  readonly columns: readonly string[];
  /** A row that is there already stays as it is. */
  readonly unlessThere: boolean;
}

export interface Update {
  readonly table: keyof Tables;
  readonly key: string;
  readonly columns: readonly string[];
  /** A further condition, in words that every engine knows. */
  readonly where: string | undefined;
}
