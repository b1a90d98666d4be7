import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * A database or one transaction of it. Conditions that a partial index stands on are written with `sql.lit`: SQLite uses such
 * an index only where the statement's text itself implies its condition (sqlite.org/partialindex.html, section 3).
 */
export type Db = Kysely<Tables>;
