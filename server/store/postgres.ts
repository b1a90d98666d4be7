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

/** Connections of one process: one that writes, and some that read beside it. */
const CONNECTIONS = 8;
/** A process that hangs in the middle of a transaction must not keep the others from writing for ever. Milliseconds. */
const IDLE_IN_TRANSACTION = 30_000;
const STATEMENT = 60_000;
const CONNECT = 10_000;
/** Shapes of statement that are kept prepared, on each connection. */
const PREPARED = 500;

/** int8 as a number: none of ours comes near 2^53. */
const INT8 = 20;

/**
 * Two rows of the table `turn` keep transactions apart, over all processes. One that has everything to itself locks both;
 * those that run beside each other share the second. So at READ COMMITTED the first kind may read and then write as if
 * nobody else were there, without repeating work as SERIALIZABLE would ask for, and the second kind is safe from it.
 *
 * The first row is the door: whoever shares passes it (a lock taken after a savepoint goes with it), so that new sharers
 * stand behind somebody who waits for the old ones to end. No advisory locks, no LOCK TABLE: not every engine that
 * speaks this protocol has them.
 */
const ALONE = 'begin; select n from turn where n = 2 for update; select n from turn where n = 1 for update';
const BESIDE =
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
    const there = names.get(text);
    if (there !== undefined || names.size >= PREPARED) return there;
    const made = `s${names.size}`;
    names.set(text, made);
    return made;
  };
  const wrapped = new WeakMap<pg.PoolClient, object>();
  return {
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      const there = wrapped.get(client);
      if (there !== undefined) return there;
      const made = {
        query(text: string, values: readonly unknown[]) {
          // Without parameters it may be several statements, which only the simple protocol takes.
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
      wrapped.set(client, made);
      return made;
    },
  };
}

/** PostgreSQL, or what speaks its protocol. Throws nothing here: it connects at the first statement. */
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
  // A connection that ends is replaced by the pool, and what ran on it is told; without listeners it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const config = { pool: preparing(pool) as never };
  return {
    db: new Kysely<Tables>({ dialect: new TurnDialect(config, ALONE) }),
    shared: new Kysely<Tables>({ dialect: new TurnDialect(config, BESIDE) }),
    beforeLongWork: 'set local statement_timeout = 0',
    columnTypes: (statement) =>
      statement
        .replace(/\bblob\b/g, 'bytea')
        .replace(/\binteger\b/g, 'bigint')
        .replace(/ without rowid$/, ''),
    takesStorageHints: true,
    isRetryable: (error) => AGAIN.has(codeOf(error)),
    isRetryableShared: (error) => AGAIN.has(codeOf(error)) || codeOf(error) === UNIQUE,
    bulk: bulkInPostgres,
    locking: { wait: 'for update', skip: 'for update skip locked' },
  };
}

/** serialization_failure and deadlock_detected: nothing was written (PostgreSQL, appendix A). */
const AGAIN: ReadonlySet<string> = new Set(['40001', '40P01']);
/** unique_violation. */
const UNIQUE = '23505';

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
