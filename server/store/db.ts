import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * A database or one of its transactions. Conditions of partial indexes are written with `sql.lit`: SQLite uses a
 * partial index only if the statement's text itself implies the index's condition (sqlite.org/partialindex.html,
 * section 3).
 */
export type Db = Kysely<Tables>;
