import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { type DatabaseObserver, UNOBSERVED } from '../ports/unavailable.ts';
import { bulkInSqlite, type StatementCache } from './bulk-sqlite.ts';
import { type Engine, NO_LOCKS } from './engine.ts';
import type { Tables } from './tables.ts';

/**
 * BEGIN IMMEDIATE: a deferred transaction that reads before it writes fails with SQLITE_BUSY_SNAPSHOT, without
 * waiting, if another process wrote in between (sqlite.org/isolation.html). The command line is such a process.
 */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** An envelope with its receipt takes 2.6 KiB; in the usual page of 4 KiB, a third would be written empty each time. */
const PAGE_BYTES = 8192;
const CACHE_KIB = 64 * 1024;
/** The write-ahead log stays near this size. */
const CHECKPOINT_PAGES = 4000;

/** Size of the statement cache: more than the program has different statements. */
const PREPARED = 500;

/** Caches prepared statements by their text, since preparing costs more than running most of them. */
function preparing(sqlite: BetterSqlite.Database): SqliteDatabase & StatementCache {
  const prepared = new Map<string, BetterSqlite.Statement>();
  return {
    close: () => sqlite.close(),
    prepare(text) {
      const cached = prepared.get(text);
      if (cached !== undefined) return cached;
      if (prepared.size >= PREPARED) prepared.clear();
      const statement = sqlite.prepare(text);
      prepared.set(text, statement);
      return statement;
    },
  };
}

function dialect(database: SqliteDatabase): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ImmediateDriver({ database }),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/**
 * The embedded database of a data folder. WAL with synchronous=FULL: a commit that returned survives loss of power,
 * and readers do not wait for the writer.
 */
export function sqlite(folder: string, _observer: DatabaseObserver = UNOBSERVED): Engine {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'fieldbind.sqlite');
  const file = new BetterSqlite(path, { timeout: 15_000 });
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
  const opened = statSync(path);
  const statements = preparing(file);
  const db = new Kysely<Tables>({ dialect: dialect(statements) });
  return {
    db,
    // SQLite has one writer at a time, so a shared transaction is exclusive too.
    shared: db,
    beforeLongWork: undefined,
    columnTypes: (statement) => statement,
    isInPlace() {
      const there = statSync(path, { throwIfNoEntry: false });
      return there?.ino === opened.ino && there.dev === opened.dev;
    },
    takesStorageHints: false,
    isRetryable: () => false,
    isRetryableShared: () => false,
    bulk: bulkInSqlite(statements),
    locking: NO_LOCKS,
  };
}
