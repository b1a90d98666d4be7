import pg from 'pg';
import { vi } from 'vitest';
import { SqliteFile } from '../../server/store/sqlite-driver.ts';

/**
 * How many statements `work`, which only reads, needs of the database, on either engine. The server's own rounds and a new
 * connection ask some too, so it is run a few times, and the fewest count.
 */
export async function countStatements<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly statements: number }> {
  // On SQLite each statement is looked up by its text, cached or not, each time that it runs.
  const spies = [vi.spyOn(SqliteFile.prototype, 'prepare'), vi.spyOn(pg.Client.prototype, 'query')];
  const asked = () => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  const once = async () => {
    const before = asked();
    const value = await work();
    return { value, statements: asked() - before };
  };
  try {
    let fewest = await once();
    for (let n = 0; n < 4; n++) {
      const next = await once();
      if (next.statements < fewest.statements) fewest = next;
    }
    return fewest;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
