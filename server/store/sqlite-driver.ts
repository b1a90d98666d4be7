import { setTimeout } from 'node:timers/promises';
import type BetterSqlite from 'better-sqlite3';
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';
import { type DatabaseObserver, Unavailable } from '../ports/unavailable.ts';
import type { StatementCache } from './bulk-sqlite.ts';
import { translated } from './sqlite-errors.ts';

/** Size of the statement cache: more than the program has different statements. */
const PREPARED = 500;

/** Milliseconds between tries for a lock that another process has; the last one again and again. */
const PAUSES = [1, 2, 5, 10, 20, 50] as const;

/** A prepared statement that tells of its errors. */
interface Statement {
  readonly isReader: boolean;
  readonly isReadOnly: boolean;
  run(values: readonly unknown[]): { readonly changes: number };
  all(values: readonly unknown[]): unknown[];
}

export interface FileParts {
  readonly folder: string;
  readonly observer: DatabaseObserver;
  /** How long another process's lock is waited for, milliseconds. */
  readonly patience: number;
}

/**
 * The one connection of this process to the file, and whose turn it is. Nothing waits for another process inside SQLite, which
 * would stop this one whole: what meets a lock gives its turn back, so that reads go on, and tries again a moment later.
 */
export class SqliteFile implements StatementCache {
  readonly #file: BetterSqlite.Database;
  readonly #parts: FileParts;
  readonly #prepared = new Map<string, Statement>();
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;
  #isInTransaction = false;
  /** Why SQLite has ended the transaction by itself (sqlite.org/lang_transaction.html, section 3). */
  #ended: unknown;

  constructor(file: BetterSqlite.Database, parts: FileParts) {
    this.#file = file;
    this.#parts = parts;
  }

  /** Caches prepared statements by their text, since preparing costs more than running most of them. */
  prepare(text: string): Statement {
    const cached = this.#prepared.get(text);
    if (cached !== undefined) return cached;
    if (this.#prepared.size >= PREPARED) this.#prepared.clear();
    const statement = this.#guarded(() => this.#file.prepare(text));
    const created: Statement = {
      isReader: statement.reader,
      isReadOnly: statement.readonly,
      run: (values) => this.#guarded(() => statement.run(values)),
      all: (values) => this.#guarded(() => statement.all(values)),
    };
    this.#prepared.set(text, created);
    return created;
  }

  /** Runs one step of SQLite. What fails for the whole database is told, and ends the transaction where SQLite ended it. */
  #guarded<T>(step: () => T): T {
    // What goes on after that would be written at once, and without the rest.
    if (this.#ended !== undefined) throw this.#ended;
    try {
      return step();
    } catch (error) {
      const said = translated(error, this.#parts.folder);
      if (this.#isInTransaction && !this.#file.inTransaction) this.#ended = said;
      if (said instanceof Unavailable && said.outage !== 'database_busy') this.#parts.observer.failed(said);
      throw said;
    }
  }

  /** Runs `step` in its turn; as often as another process has what it needs, until it has waited long enough. */
  async whenFree<T>(step: () => T): Promise<T> {
    const end = performance.now() + this.#parts.patience;
    for (let n = 0; ; n++) {
      // Who finds it free need not wait for a turn of the loop.
      if (this.#isTaken) await this.#nextTurn();
      this.#isTaken = true;
      try {
        this.#endLeftover();
        return step();
      } catch (error) {
        const isBusy = error instanceof Unavailable && error.outage === 'database_busy';
        if (!isBusy) throw error;
        if (performance.now() > end) {
          this.#parts.observer.failed(error);
          throw error;
        }
      } finally {
        if (!this.#isInTransaction) this.leave();
      }
      await setTimeout(PAUSES[Math.min(n, PAUSES.length - 1)]);
    }
  }

  /** The turn is kept until `leave`. */
  begin(check: WriteCheck): Promise<void> {
    return this.whenFree(() => {
      this.mayWrite(check);
      this.prepare('begin immediate').run([]);
      this.#isInTransaction = true;
    });
  }

  mayWrite(check: WriteCheck): void {
    const refusal = check();
    if (refusal === undefined) return;
    this.#parts.observer.failed(refusal);
    throw refusal;
  }

  commit(): void {
    this.prepare('commit').run([]);
  }

  /** Never fails: the error that led here is the one to be told. */
  rollback(): void {
    this.#ended = undefined;
    if (!this.#file.inTransaction) return;
    try {
      this.#file.exec('rollback');
    } catch {
      // Whoever comes next tries again.
    }
  }

  /** A transaction that could not be rolled back. What ran in it now would look kept, and be lost with it. */
  #endLeftover(): void {
    if (!this.#file.inTransaction) return;
    this.rollback();
    if (!this.#file.inTransaction) return;
    const error = new Unavailable('disk_failing', undefined);
    this.#parts.observer.failed(error);
    throw error;
  }

  leave(): void {
    this.#isInTransaction = false;
    this.#ended = undefined;
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#file.close();
  }
}

/** Why nothing is to be written now, if so. */
export type WriteCheck = () => Unavailable | undefined;

function run<R>(statement: Statement, values: readonly unknown[]): QueryResult<R> {
  if (statement.isReader) return { rows: statement.all(values) as R[] };
  return { numAffectedRows: BigInt(statement.run(values).changes), rows: [] };
}

class Turn implements DatabaseConnection {
  readonly #file: SqliteFile;
  readonly #check: WriteCheck;
  #isOpen = false;

  constructor(file: SqliteFile, check: WriteCheck) {
    this.#file = file;
    this.#check = check;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#isOpen) return run<R>(this.#file.prepare(sql), parameters);
    return this.#file.whenFree(() => {
      const statement = this.#file.prepare(sql);
      if (!statement.isReadOnly) this.#file.mayWrite(this.#check);
      return run<R>(statement, parameters);
    });
  }

  // biome-ignore lint/correctness/useYield: nothing here streams; Kysely's interface wants the method.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('statements are not streamed');
  }

  async begin(): Promise<void> {
    await this.#file.begin(this.#check);
    this.#isOpen = true;
  }
  async commit(): Promise<void> {
    this.#file.commit();
  }
  async rollback(): Promise<void> {
    this.#file.rollback();
  }
  release(): void {
    if (this.#isOpen) this.#file.leave();
    this.#isOpen = false;
  }
}

/**
 * BEGIN IMMEDIATE: a deferred transaction that reads before it writes fails with SQLITE_BUSY_SNAPSHOT, without
 * waiting, if another process wrote in between (sqlite.org/isolation.html). The command line is such a process.
 */
export class ImmediateDriver implements Driver {
  readonly #file: SqliteFile;
  readonly #check: WriteCheck;

  constructor(file: SqliteFile, check: WriteCheck) {
    this.#file = file;
    this.#check = check;
  }
  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return new Turn(this.#file, this.#check);
  }
  beginTransaction(connection: DatabaseConnection): Promise<void> {
    return turn(connection).begin();
  }
  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return turn(connection).commit();
  }
  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return turn(connection).rollback();
  }
  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    turn(connection).release();
  }
  async destroy(): Promise<void> {
    this.#file.close();
  }
}

function turn(connection: DatabaseConnection): Turn {
  if (!(connection instanceof Turn)) throw new Error('not a connection of this driver');
  return connection;
}
