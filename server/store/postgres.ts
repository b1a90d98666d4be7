import { type Driver, Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { codeOf, type DatabaseObserver, UNOBSERVED, Unavailable } from '../ports/unavailable.ts';
import { bulkInPostgres } from './bulk-postgres.ts';
import type { Engine } from './engine.ts';
import { WaitedTooLong } from './postgres-errors.ts';
import { type Patience, Sessions, TurnDriver, UNLIMITED } from './postgres-sessions.ts';
import type { Tables } from './tables.ts';

/** Connections per process: one that writes exclusively, and some that read meanwhile. */
const CONNECTIONS = 8;
/** Limits in milliseconds, so that a process that hangs in a transaction cannot keep the others from writing for ever. */
const IDLE_IN_TRANSACTION = 30_000;
const STATEMENT = 60_000;
const CONNECT = 10_000;
/** How long an answer is waited for: longer than the server's own limit, which says why. A commit has none in the server. */
const PATIENCE = { statement: STATEMENT + 15_000, commit: 60_000 };

/** OID of int8, which is read as a number: none of our values comes near 2^53. */
const INT8 = 20;

/**
 * Shared and exclusive locks on two rows of the table `turn` keep transactions apart, over all processes. An
 * exclusive transaction locks both rows; shared transactions take a share lock on row 1. So at READ COMMITTED an
 * exclusive transaction may read and then write as if it were alone, without the retries that SERIALIZABLE would
 * need, and it cannot disturb a shared one.
 *
 * Row 2 is the door, which prevents starvation: a shared transaction locks and releases it (a lock taken after a
 * savepoint is released with it), so that new ones queue behind an exclusive transaction that waits for the old ones
 * to end. There are no advisory locks and no LOCK TABLE, since not every engine that speaks this protocol has them.
 */
const BEGIN_EXCLUSIVE =
  'begin; select n from turn where n = 2 for update; select n from turn where n = 1 for update';
const BEGIN_SHARED =
  'begin; savepoint door; select n from turn where n = 2 for share; rollback to savepoint door; select n from turn where n = 1 for share';

class TurnDialect extends PostgresDialect {
  readonly #sessions: Sessions;
  readonly #begin: string;
  constructor(pool: pg.Pool, sessions: Sessions, begin: string) {
    super({ pool });
    this.#sessions = sessions;
    this.#begin = begin;
  }
  override createDriver(): Driver {
    return new TurnDriver(this.#sessions, this.#begin);
  }
}

/**
 * Of each new connection: warnings are sent whatever the server's settings say, since one at a commit is a failure, and a
 * commit that returned survives the loss of the server. Engines that do not know the second setting have no such choice.
 */
const SETTINGS = `set client_min_messages = warning;
  select set_config('synchronous_commit', 'on', false)
    where current_setting('synchronous_commit', true) in ('off', 'local', 'remote_write')`;

/** Bounded, since a road that ends just now gives no answer, and the pool itself would wait for it for ever. */
async function settle(client: pg.ClientBase): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new WaitedTooLong('no answer')), CONNECT);
  try {
    await Promise.race([client.query(SETTINGS), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** PostgreSQL, or an engine that speaks its protocol. Connects at the first statement, so nothing is thrown here. */
export function postgres(
  url: string,
  observer: DatabaseObserver = UNOBSERVED,
  patience: Patience = PATIENCE,
): Engine {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION,
    statement_timeout: STATEMENT,
    application_name: 'fieldbind',
    onConnect: settle,
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === INT8
          ? Number
          : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
    },
  });
  const sessions = new Sessions(pool, patience, observer);
  const db = new Kysely<Tables>({ dialect: new TurnDialect(pool, sessions, BEGIN_EXCLUSIVE) });
  return {
    db,
    urgent: db,
    // Its disk is its own.
    guardRoom: () => undefined,
    makeRoom: () => false,
    shared: new Kysely<Tables>({ dialect: new TurnDialect(pool, sessions, BEGIN_SHARED) }),
    beforeLongWork: UNLIMITED,
    columnTypes: (statement) =>
      statement
        .replace(/\bblob\b/g, 'bytea')
        .replace(/\binteger\b/g, 'bigint')
        .replace(/ without rowid$/, ''),
    // A database that is dropped ends its connections; one that was emptied no longer knows our statement key.
    isInPlace: () => true,
    takesStorageHints: true,
    isRetryable,
    isRetryableShared: (error) => isRetryable(error) || codeOf(error) === UNIQUE,
    bulk: bulkInPostgres,
    locking: { wait: 'for update', skip: 'for update skip locked' },
  };
}

/** serialization_failure and deadlock_detected (PostgreSQL, appendix A): nothing was written, so the transaction is retryable. */
const RETRYABLE: ReadonlySet<string> = new Set(['40001', '40P01']);
/** unique_violation. */
const UNIQUE = '23505';

function isRetryable(error: unknown): boolean {
  return error instanceof Unavailable ? error.isRetryable : RETRYABLE.has(codeOf(error));
}
