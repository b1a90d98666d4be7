import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';

/**
 * `alone`: nobody else may work with this data folder as its server, or replace its database. `beside`: others may do the
 * same, and nobody may hold it alone.
 */
export type Ownership = 'alone' | 'beside';

export interface OwnerLock {
  release(): void;
}

/** How long to wait for another process that is only just looking whether the lock is free, milliseconds. */
const PATIENCE = 500;

/**
 * The lock of a data folder; undefined if somebody else has it. It is a lock of SQLite on a file with one empty table, which
 * the system releases when its process ends in whatever way (fcntl locks; sqlite.org/lockingv3.html): a killed server leaves
 * nothing that would have to be cleared away. On a network file system it is worth as much as that system's locks.
 */
export function ownerLock(folder: string, how: Ownership): OwnerLock | undefined {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = new BetterSqlite(join(folder, 'owner.lock'), { timeout: PATIENCE });
  try {
    // A file without a page would be given one at each lock, and a journal beside it takes room: a full disk has neither.
    file.pragma('journal_mode = memory');
    file.exec('create table if not exists owner (n integer)');
    if (how === 'alone') file.exec('begin exclusive');
    else {
      file.exec('begin');
      // Only a read takes the lock.
      file.prepare('select count(*) from sqlite_master').get();
    }
  } catch (error) {
    file.close();
    if (error instanceof BetterSqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
  return { release: () => file.close() };
}
