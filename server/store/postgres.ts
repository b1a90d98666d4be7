import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
} from 'kysely';
import pg from 'pg';
import { bulkInPostgres } from './bulk-postgres.ts';
import type { Engine } from './engine.ts';
import { storable } from './storable.ts';
import type { Tables } from './tables.ts';

/** Connections per process: one that writes exclusively, and some that read meanwhile. */
const CONNECTIONS = 8;
/** Limits in milliseconds, so that a process that hangs in a transaction cannot keep the others from writing for ever. */
const IDLE_IN_TRANSACTION = 30_000;
const STATEMENT = 60_000;
const CONNECT = 10_000;
/** Most prepared statements that each connection caches. */
const PREPARED = 500;

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

class TurnDriver extends PostgresDriver {
  readonly #begin: string;
  constructor(config: PostgresDialectConfig, begin: string) {
    super(config);
    this.#begin = begin;
  }
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(this.#begin));
  }
}

class TurnDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;
  readonly #begin: string;
  constructor(config: PostgresDialectConfig, begin: string) {
    super(config);
    this.#config = config;
    this.#begin = begin;
  }
  override createDriver(): PostgresDriver {
    return new TurnDriver(this.#config, this.#begin);
  }
}

/** Names each statement by its text, so that the server parses and plans it once for each connection. */
function preparing(pool: pg.Pool) {
  const names = new Map<string, string>();
  const nameOf = (text: string): string | undefined => {
    const cached = names.get(text);
    if (cached !== undefined || names.size >= PREPARED) return cached;
    const created = `s${names.size}`;
    names.set(text, created);
    return created;
  };
  const wrapped = new WeakMap<pg.PoolClient, object>();
  return {
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      const cached = wrapped.get(client);
      if (cached !== undefined) return cached;
      const created = {
        query(text: string, values: readonly unknown[]) {
          // A text without parameters may hold several statements, which only the simple query protocol accepts.
          if (values.length === 0) return client.query(text);
          const name = nameOf(text);
          return client.query({
            text,
            values: values.map(storable),
            ...(name === undefined ? {} : { name }),
          });
        },
        release: () => client.release(),
      };
      wrapped.set(client, created);
      return created;
    },
  };
}

/** PostgreSQL, or an engine that speaks its protocol. Connects at the first statement, so nothing is thrown here. */
export function postgres(url: string): Engine {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION,
    statement_timeout: STATEMENT,
    application_name: 'fieldbind',
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === INT8
          ? Number
          : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
    },
  });
  // The pool replaces a connection that ends, and its statement fails. Without listeners the error event would end
  // the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const config = { pool: preparing(pool) as never };
  return {
    db: new Kysely<Tables>({ dialect: new TurnDialect(config, BEGIN_EXCLUSIVE) }),
    shared: new Kysely<Tables>({ dialect: new TurnDialect(config, BEGIN_SHARED) }),
    beforeLongWork: 'set local statement_timeout = 0',
    columnTypes: (statement) =>
      statement
        .replace(/\bblob\b/g, 'bytea')
        .replace(/\binteger\b/g, 'bigint')
        .replace(/ without rowid$/, ''),
    takesStorageHints: true,
    isRetryable: (error) => RETRYABLE.has(codeOf(error)),
    isRetryableShared: (error) => RETRYABLE.has(codeOf(error)) || codeOf(error) === UNIQUE,
    bulk: bulkInPostgres,
    locking: { wait: 'for update', skip: 'for update skip locked' },
  };
}

/** serialization_failure and deadlock_detected (PostgreSQL, appendix A): nothing was written, so the transaction is retryable. */
const RETRYABLE: ReadonlySet<string> = new Set(['40001', '40P01']);
/** unique_violation. */
const UNIQUE = '23505';

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
