import { randomBytes } from 'node:crypto';
import type { Database } from '../ports/stores.ts';
import { auditLog } from './audit-log.ts';
import { groupedStores } from './grouped/stores.ts';
import { migrate } from './migrate.ts';
import { ownChain } from './own-chain.ts';
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
  // A chain of the audit trail belongs to one opening of one process: never taken up again, so never contended for.
  const writer = randomBytes(9).toString('base64url');
  return {
    writer,
    stores: storesOver(db, engine.bulk),
    transact: (work) =>
      repeated(engine.isRetryable, () =>
        db.transaction().execute(async (trx) => {
          const chain = ownChain(trx, writer, engine);
          const result = await work(storesOver(trx, engine.bulk, auditLog(trx, chain.append)));
          await chain.flush();
          return result;
        }),
      ),
    inGroup: (work) =>
      repeated(engine.isRetryableShared, () =>
        engine.shared.transaction().execute(async (trx) => {
          const { stores, flush } = groupedStores(trx, ownChain(trx, writer, engine), engine);
          const result = await work(stores);
          await flush();
          return result;
        }),
      ),
    close: () => db.destroy(),
  };
}

async function repeated<T>(isRetryable: (error: unknown) => boolean, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= ATTEMPTS || !isRetryable(error)) throw error;
    }
  }
}
