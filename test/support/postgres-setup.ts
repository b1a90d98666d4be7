import { startPostgres } from './postgres.ts';

/** One PostgreSQL for a whole run of the project `postgres`. */
export async function setup(): Promise<() => Promise<void>> {
  const postgres = await startPostgres();
  process.env.TEST_POSTGRES = postgres.address;
  return () => postgres.remove();
}
