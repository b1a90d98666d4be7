import { randomBytes } from 'node:crypto';
import type { Database } from '../ports/stores.ts';
import { auditLog } from './audit-log.ts';
import { groupedStores } from './grouped/stores.ts';
import { migrate } from './migrate.ts';
import { ownChain } from './own-chain.ts';
import { postgres } from './postgres.ts';
import { sqlite } from './sqlite.ts';
import { storesOver } from './stores.ts';

/** Most attempts to run a retryable transaction. */
const ATTEMPTS = 10;

/** Opens the database at `url` (PostgreSQL), or without one the file in the data folder; creates and migrates it if needed. */
export async function openDatabase(folder: string, url?: string): Promise<Database> {
  const engine = url === undefined ? sqlite(folder) : postgres(url);
  const { db } = engine;
  try {
    await migrate(engine);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  // Each process writes one audit chain per opening of the database, and never continues an old one, so no two
  // processes contend for a chain.
  const writer = randomBytes(9).toString('base64url');
  return {
    writer,
    stores: storesOver(db, engine.bulk),
    transact: (work) =>
      withRetries(engine.isRetryable, () =>
        db.transaction().execute(async (trx) => {
          const chain = ownChain(trx, writer, engine);
          const result = await work(storesOver(trx, engine.bulk, auditLog(trx, chain.append)));
          await chain.flush();
          return result;
        }),
      ),
    inGroup: (work) =>
      withRetries(engine.isRetryableShared, () =>
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

async function withRetries<T>(isRetryable: (error: unknown) => boolean, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= ATTEMPTS || !isRetryable(error)) throw error;
    }
  }
}
