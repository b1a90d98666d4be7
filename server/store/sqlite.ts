import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { type Dialect, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { type DatabaseObserver, UNOBSERVED, Unavailable } from '../ports/unavailable.ts';
import { bulkInSqlite } from './bulk-sqlite.ts';
import { diskReserve } from './disk-reserve.ts';
import { type Engine, NO_LOCKS } from './engine.ts';
import { ImmediateDriver, SqliteFile, type WriteCheck } from './sqlite-driver.ts';
import { translated } from './sqlite-errors.ts';
import type { Tables } from './tables.ts';

/** An envelope with its receipt takes 2.6 KiB; in the usual page of 4 KiB, a third would be written empty each time. */
const PAGE_BYTES = 8192;
const CACHE_KIB = 64 * 1024;
/** The write-ahead log stays near this size. */
const CHECKPOINT_PAGES = 4000;

/** How long another process's lock is waited for, milliseconds; and at a start, when nobody else waits for this process. */
const PATIENCE = 15_000;

function dialect(file: SqliteFile, check: WriteCheck): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ImmediateDriver(file, check),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/**
 * The embedded database of a data folder. WAL with synchronous=FULL: a commit that returned survives loss of power,
 * and readers do not wait for the writer.
 */
export function sqlite(
  folder: string,
  observer: DatabaseObserver = UNOBSERVED,
  patience: number = PATIENCE,
): Engine {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const opened = open(folder);
  const path = pathIn(folder);
  const begun = statSync(path);
  const file = new SqliteFile(opened, { folder, observer, patience });
  const reserve = diskReserve(folder);
  let isGuarded = false;
  /** What stands in the log moves into the file, and the log's own room is free again. */
  const emptyLog = (): boolean => {
    try {
      const [said] = opened.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      return said?.busy === 0;
    } catch {
      return false; // there is no room in the file for it
    }
  };
  let emptiedAt = Number.NEGATIVE_INFINITY;
  const mayWait: WriteCheck = () => {
    if (!isGuarded || !reserve.isGiven()) return undefined;
    if (performance.now() - emptiedAt > 1_000) {
      emptiedAt = performance.now();
      emptyLog();
    }
    return reserve.isGiven() ? new Unavailable('disk_full', undefined) : undefined;
  };
  const db = new Kysely<Tables>({ dialect: dialect(file, mayWait) });
  return {
    db,
    // SQLite has one writer at a time, so a shared transaction is exclusive too.
    shared: db,
    urgent: new Kysely<Tables>({ dialect: dialect(file, () => undefined) }),
    guardRoom() {
      isGuarded = true;
      reserve.make();
    },
    makeRoom() {
      return reserve.give() || emptyLog();
    },
    beforeLongWork: undefined,
    columnTypes: (statement) => statement,
    isInPlace() {
      const there = statSync(path, { throwIfNoEntry: false });
      return there?.ino === begun.ino && there.dev === begun.dev;
    },
    takesStorageHints: false,
    isRetryable: () => false,
    isRetryableShared: () => false,
    bulk: bulkInSqlite(file),
    locking: NO_LOCKS,
  };
}

function pathIn(folder: string): string {
  return join(folder, 'fieldbind.sqlite');
}

function open(folder: string): BetterSqlite.Database {
  const path = pathIn(folder);
  try {
    const file = new BetterSqlite(path, { timeout: PATIENCE });
    // SQLite gives its WAL and shared-memory files the mode of the database file.
    chmodSync(path, 0o600);
    // The page size is set for a new file only; an existing file keeps its own.
    file.pragma(`page_size = ${PAGE_BYTES}`);
    file.pragma('journal_mode = WAL');
    file.pragma('synchronous = FULL');
    // Keys are scattered over their indexes, so a group of records touches a thousand pages. A larger cache keeps these
    // pages in memory, and a rarer checkpoint writes them to the file once for many groups.
    file.pragma(`cache_size = -${CACHE_KIB}`);
    file.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    // From here on a lock is waited for outside of SQLite (SqliteFile).
    file.pragma('busy_timeout = 0');
    return file;
  } catch (error) {
    throw translated(error, folder);
  }
}
