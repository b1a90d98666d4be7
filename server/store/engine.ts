import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** What one kind of database does in its own way; all else is one code for both. */
export interface Engine {
  readonly db: Kysely<Tables>;
  /** Its name for a column of bytes. */
  readonly bytes: string;
  /** Said at the beginning of work that may take long, as an index over millions of rows does. */
  readonly patience: string | undefined;
  /** A migration's statement, written for SQLite, with this engine's names of types. */
  columnTypes(statement: string): string;
  /** Whether a transaction that ended in this error may simply be run again: it came to nothing, through no fault of its own. */
  again(error: unknown): boolean;
}
