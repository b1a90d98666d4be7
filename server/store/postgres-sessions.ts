import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';
import type pg from 'pg';
import { type DatabaseObserver, Unavailable } from '../ports/unavailable.ts';
import { isSound, translated, WaitedTooLong } from './postgres-errors.ts';
import { storable } from './storable.ts';

/** Most prepared statements that each connection caches. */
const PREPARED = 500;
/**
 * A commit must not have a time limit in the server: one that ends while the commit waits for a standby leaves it committed
 * here alone, and says so in a warning only (PostgreSQL, "Planning for High Availability" in section 27.2.8).
 */
const COMMIT = 'set local statement_timeout = 0; commit';
/** What an unlimited statement is announced by (Engine.beforeLongWork). */
export const UNLIMITED = 'set local statement_timeout = 0';
/** SQLSTATE class of warnings. Severities are in the server's language. */
const WARNING = '01';

/** Limits of our own, milliseconds: a connection whose other end is gone without a word gives no answer and no error. */
export interface Patience {
  readonly statement: number;
  readonly commit: number;
}

/** What is known of one connection for as long as it lasts. */
interface Known {
  /** Connections that were made before the newest failure of any of them are not used again. */
  readonly generation: number;
  warned: boolean;
}

/**
 * Gives out the pool's connections, one for each transaction or statement. One whose state is not known never goes back to the
 * pool: after an error of begin, commit or rollback, after an error that is not the statement's own, and whatever happened, if
 * the server says that a transaction is still open. Then the others of its age are not used again either: whoever ended one or
 * made it read-only did so to all.
 */
export class Sessions {
  readonly #pool: pg.Pool;
  readonly #patience: Patience;
  readonly #observer: DatabaseObserver;
  readonly #known = new WeakMap<pg.ClientBase, Known>();
  readonly #names = new Map<string, string>();
  #generation = 0;

  constructor(pool: pg.Pool, patience: Patience, observer: DatabaseObserver) {
    this.#pool = pool;
    this.#patience = patience;
    this.#observer = observer;
    // The pool replaces a connection that ends, and its statement fails. Without listeners the error event would end
    // the process.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => {
      const known: Known = { generation: this.#generation, warned: false };
      this.#known.set(client, known);
      client.on('error', () => undefined);
      client.on('notice', ({ code }) => {
        if (code?.startsWith(WARNING)) known.warned = true;
      });
    });
  }

  async open(): Promise<Session> {
    for (;;) {
      const client = await this.#connect();
      const known = this.#known.get(client);
      if (known !== undefined && known.generation >= this.#generation) {
        known.warned = false;
        return new Session(client, known, this);
      }
      client.release(true);
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      // The pool's own words for that all connections are in use.
      const isFull = error instanceof Error && error.message === 'timeout exceeded when trying to connect';
      throw this.failure(isFull ? new WaitedTooLong(error.message) : error, false);
    }
  }

  /** Sends one text, and ends the wait where no answer comes. */
  async send(client: pg.PoolClient, text: string, values: readonly unknown[], limit?: number) {
    // A text without parameters may hold several statements, which only the simple query protocol accepts.
    const sent =
      values.length === 0
        ? client.query(text)
        : client.query({ text, values: values.map(storable), ...this.#named(text) });
    const { promise: late, reject } = Promise.withResolvers<never>();
    const after = limit ?? this.#patience.statement;
    const timer =
      after === Number.POSITIVE_INFINITY
        ? undefined
        : setTimeout(() => reject(new WaitedTooLong('no answer')), after);
    try {
      return await Promise.race([sent, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  get commitLimit(): number {
    return this.#patience.commit;
  }

  /** Names each statement by its text, so that the server parses and plans it once for each connection. */
  #named(text: string): { readonly name?: string } {
    const cached = this.#names.get(text);
    if (cached !== undefined) return { name: cached };
    if (this.#names.size >= PREPARED) return {};
    const name = `s${this.#names.size}`;
    this.#names.set(text, name);
    return { name };
  }

  /** The error to go on with. */
  failure(error: unknown, isRetryable = true): unknown {
    const said = translated(error, isRetryable);
    if (said instanceof Unavailable) this.#observer.failed(said);
    return said;
  }

  /** Connections that are as old as this one are not used for anything that begins from here on. */
  distrust({ generation }: Known): void {
    this.#generation = Math.max(this.#generation, generation + 1);
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/** One connection, from the pool and back. */
class Session implements DatabaseConnection {
  readonly #client: pg.PoolClient;
  readonly #known: Known;
  readonly #sessions: Sessions;
  #isUnknown = false;
  #isOpen = false;
  #limit: number | undefined;

  constructor(client: pg.PoolClient, known: Known, sessions: Sessions) {
    this.#client = client;
    this.#known = known;
    this.#sessions = sessions;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (sql === UNLIMITED) this.#limit = Number.POSITIVE_INFINITY;
    const { command, rowCount, rows } = await this.#send(sql, parameters, this.#limit);
    const writes = WRITES.has(command);
    // Outside of a transaction the statement is its own commit.
    if (!this.#isOpen && writes && this.#known.warned) throw this.#unknownOutcome(undefined);
    return { ...(writes ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}), rows: (rows ?? []) as R[] };
  }

  // biome-ignore lint/correctness/useYield: nothing here streams; Kysely's interface wants the method.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('statements are not streamed');
  }

  async begin(text: string): Promise<void> {
    try {
      await this.#send(text, []);
      this.#isOpen = true;
    } catch (error) {
      this.#isUnknown = true;
      throw error;
    }
  }

  /** Returns only if the server said that everything is kept, and everywhere it is to be kept. */
  async commit(): Promise<void> {
    // After an error that somebody caught, COMMIT is answered by ROLLBACK, which is no error.
    const last: { command: string } | undefined = await this.#send(COMMIT, [], this.#sessions.commitLimit)
      .then((results) => [results].flat().at(-1))
      .catch((error: unknown) => {
        throw this.#unknownOutcome(error);
      });
    if (this.#known.warned) throw this.#unknownOutcome(undefined);
    if (last?.command !== 'COMMIT') {
      this.#isUnknown = true;
      throw new Error('the transaction had failed before its commit');
    }
    this.#isOpen = false;
  }

  /** Never fails: the error that led here is the one to be told. What cannot be rolled back ends with its connection. */
  async rollback(): Promise<void> {
    if (this.#isUnknown) return;
    try {
      await this.#send('rollback', []);
      this.#isOpen = false;
    } catch {
      this.#isUnknown = true;
    }
  }

  release(): void {
    const isIdle = this.#client.getTransactionStatus() === 'I';
    this.#client.release(this.#isUnknown || !isIdle);
  }

  async #send(text: string, values: readonly unknown[], limit?: number) {
    try {
      return await this.#sessions.send(this.#client, text, values, limit);
    } catch (error) {
      if (!isSound(error)) {
        this.#isUnknown = true;
        this.#sessions.distrust(this.#known);
      }
      throw this.#sessions.failure(error);
    }
  }

  #unknownOutcome(error: unknown): unknown {
    this.#isUnknown = true;
    // The server itself said why it kept nothing, such as that the transaction is not serializable with others.
    if (error !== undefined && !(error instanceof Unavailable)) return error;
    return this.#sessions.failure(new Unavailable('outcome_unknown', error?.cause));
  }
}

const WRITES: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** Transactions of one kind, which all begin alike. */
export class TurnDriver implements Driver {
  readonly #sessions: Sessions;
  readonly #begin: string;

  constructor(sessions: Sessions, begin: string) {
    this.#sessions = sessions;
    this.#begin = begin;
  }
  async init(): Promise<void> {}
  acquireConnection(): Promise<DatabaseConnection> {
    return this.#sessions.open();
  }
  beginTransaction(connection: DatabaseConnection): Promise<void> {
    return session(connection).begin(this.#begin);
  }
  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return session(connection).commit();
  }
  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return session(connection).rollback();
  }
  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    session(connection).release();
  }
  destroy(): Promise<void> {
    return this.#sessions.end();
  }
}

function session(connection: DatabaseConnection): Session {
  if (!(connection instanceof Session)) throw new Error('not a connection of this driver');
  return connection;
}
