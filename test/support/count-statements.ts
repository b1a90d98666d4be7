import pg from 'pg';
import { vi } from 'vitest';
import { SqliteFile } from '../../server/store/sqlite-driver.ts';

/** How many statements the databases of this process are asked while `work` runs, on either engine. */
export async function countStatements<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly statements: number }> {
  // On SQLite each statement is looked up by its text, cached or not, each time that it runs.
  const spies = [vi.spyOn(SqliteFile.prototype, 'prepare'), vi.spyOn(pg.Client.prototype, 'query')];
  try {
    const value = await work();
    return { value, statements: spies.reduce((sum, { mock }) => sum + mock.calls.length, 0) };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
