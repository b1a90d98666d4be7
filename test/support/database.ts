import { createHash } from 'node:crypto';
import pg from 'pg';

/** Set for tests of the project `postgres` (vitest.config.ts), and where their server is (postgres-setup.ts). */
const ON_POSTGRES = process.env.TEST_ENGINE === 'postgres';
const SERVER = process.env.TEST_POSTGRES;

/**
 * The database that goes with a data folder in this run of the tests: the folder's own file (undefined), or a database of
 * PostgreSQL named after the folder, made when it is first asked for.
 */
export async function databaseOf(data: string): Promise<string | undefined> {
  if (!ON_POSTGRES) return undefined;
  if (SERVER === undefined) throw new Error('no PostgreSQL was started for these tests');
  const name = `d_${createHash('sha256').update(data).digest('hex').slice(0, 16)}`;
  const client = new pg.Client({ connectionString: SERVER });
  await client.connect();
  try {
    const there = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (there.rowCount === 0) await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  return SERVER.replace('/postgres?', `/${name}?`);
}
