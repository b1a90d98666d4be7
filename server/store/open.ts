import type { Database } from '../ports/stores.ts';
import type { Engine } from './engine.ts';
import { groupedStores } from './grouped/stores.ts';
import { migrate } from './migrate.ts';
import { postgres } from './postgres.ts';
import { sqlite } from './sqlite.ts';
import { storesOver } from './stores.ts';

/** How often a transaction is run again that another one pushed aside. */
const ATTEMPTS = 10;

/** Opens (and makes, and migrates) the database at `url`, PostgreSQL; without one, the file of the data folder. */
export async function openDatabase(folder: string, url?: string): Promise<Database> {
  const engine = url === undefined ? sqlite(folder) : postgres(url);
  const { db } = engine;
  try {
    await migrate(engine);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    stores: storesOver(db),
    transact: (work) => again(engine, () => db.transaction().execute((trx) => work(storesOver(trx)))),
    transactGroup: (work) =>
      again(engine, () =>
        db.transaction().execute(async (trx) => {
          const { stores, flush } = groupedStores(trx, engine.many);
          const result = await work(stores);
          await flush();
          return result;
        }),
      ),
    close: () => db.destroy(),
  };
}

async function again<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= ATTEMPTS || !engine.again(error)) throw error;
    }
  }
}
