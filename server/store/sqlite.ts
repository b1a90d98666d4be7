import { chmodSync, mkdirSync } from 'node:fs';
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
import { bulkInSqlite, type Preparing } from './bulk-sqlite.ts';
import { type Engine, NO_LOCKS } from './engine.ts';
import type { Tables } from './tables.ts';

/**
 * BEGIN IMMEDIATE: a deferred transaction that reads before it writes fails with SQLITE_BUSY_SNAPSHOT, without waiting,
 * when another process wrote in between (sqlite.org/isolation.html); the command line is such a process.
 */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** An envelope with its receipt takes 2.6 KiB: of the usual 4 KiB a third would be written empty each time. */
const PAGE_BYTES = 8192;
const CACHE_KIB = 64 * 1024;
/** The log grows to little more than this. */
const CHECKPOINT_PAGES = 4000;

/** As many as the program has shapes of statement, and some. */
const PREPARED = 500;

/** Keeps prepared statements by their text: preparing costs more than most of them do. */
function preparing(sqlite: BetterSqlite.Database): SqliteDatabase & Preparing {
  const prepared = new Map<string, BetterSqlite.Statement>();
  return {
    close: () => sqlite.close(),
    prepare(text) {
      const there = prepared.get(text);
      if (there !== undefined) return there;
      if (prepared.size >= PREPARED) prepared.clear();
      const made = sqlite.prepare(text);
      prepared.set(text, made);
      return made;
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
 * The embedded database of a data folder. WAL with synchronous=FULL: a commit that returned survives loss of power, and
 * readers do not wait for the writer.
 */
export function sqlite(folder: string): Engine {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'fieldbind.sqlite');
  const file = new BetterSqlite(path, { timeout: 15_000 });
  // SQLite gives its side files the database's own mode.
  chmodSync(path, 0o600);
  // Of a new file only; an older one keeps its own.
  file.pragma(`page_size = ${PAGE_BYTES}`);
  file.pragma('journal_mode = WAL');
  file.pragma('synchronous = FULL');
  // Keys are scattered over their indexes, so a group of records touches a thousand pages: they stay at hand, and go from
  // the log to the file when it holds many groups rather than after each.
  file.pragma(`cache_size = -${CACHE_KIB}`);
  file.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  const kept = preparing(file);
  const db = new Kysely<Tables>({ dialect: dialect(kept) });
  return {
    db,
    // One transaction writes at a time, whichever it is.
    shared: db,
    beforeLongWork: undefined,
    columnTypes: (statement) => statement,
    takesStorageHints: false,
    isRetryable: () => false,
    isRetryableShared: () => false,
    bulk: bulkInSqlite(kept),
    locking: NO_LOCKS,
  };
}
