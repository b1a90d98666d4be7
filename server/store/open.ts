import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { DatabaseIdentity } from '../ports/identity.ts';
import { NotNow } from '../ports/not-now.ts';
import type { Database, Stores } from '../ports/stores.ts';
import { type DatabaseObserver, Unavailable } from '../ports/unavailable.ts';
import { auditLog } from './audit-log.ts';
import type { Db } from './db.ts';
import { groupedStores } from './grouped/stores.ts';
import { databaseIdentity } from './identity.ts';
import { migrate } from './migrate.ts';
import { ownChain } from './own-chain.ts';
import { postgres } from './postgres.ts';
import { sqlite } from './sqlite.ts';
import { storesOver } from './stores.ts';

/** Most attempts to run a retryable transaction. */
const ATTEMPTS = 10;
/** Milliseconds before each further attempt where a connection was lost: the one that the pool gives next may be no better. */
const AFTER_LOSS: readonly number[] = [0, 100, 400];

export interface OpenOptions {
  readonly observer?: DatabaseObserver | undefined;
  /** Sees whose database it is before anything is changed in it, and may throw. */
  admit?(identity: DatabaseIdentity | undefined): Promise<void>;
}

/** Opens the database at `url` (PostgreSQL), or without one the file in the data folder; creates and migrates it if needed. */
export async function openDatabase(
  folder: string,
  url?: string,
  { observer, admit }: OpenOptions = {},
): Promise<Database> {
  const engine = url === undefined ? sqlite(folder, observer) : postgres(url, observer);
  const { db } = engine;
  try {
    await admit?.(await databaseIdentity(db));
    await migrate(engine);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  // Each process writes one audit chain per opening of the database, and never continues an old one, so no two
  // processes contend for a chain.
  const writer = randomBytes(9).toString('base64url');
  const gone = Promise.withResolvers<void>();
  function takenAway(): NotNow {
    gone.resolve();
    return new NotNow('database_taken_away');
  }
  function needInPlace(): void {
    if (!engine.isInPlace()) throw takenAway();
  }
  /** What was written into a file that is no longer there is not acknowledged, whenever it went. */
  async function inPlace<T>(work: () => Promise<T>): Promise<T> {
    needInPlace();
    const result = await work();
    needInPlace();
    return result;
  }
  const sharing = <T>(work: () => Promise<T>) => inPlace(() => withRetries(engine.isRetryableShared, work));
  const transact: <T>(on: Db, work: (stores: Stores) => Promise<T>) => Promise<T> = (on, work) =>
    inPlace(() =>
      withRetries(engine.isRetryable, () =>
        on.transaction().execute(async (trx) => {
          const chain = ownChain(trx, writer, engine);
          const result = await work(storesOver(trx, engine.bulk, auditLog(trx, chain.append)));
          await chain.flush();
          return result;
        }),
      ),
    );
  return {
    writer,
    gone: gone.promise,
    needInPlace,
    takenAway,
    stores: storesOver(db, engine.bulk),
    transact: (work) => transact(db, work),
    async urgent(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await transact(engine.urgent, work);
        } catch (error) {
          const isFull = error instanceof Unavailable && error.outage === 'disk_full';
          // Once by the reserve, once by what the log still holds.
          if (!isFull || attempt > 2 || !engine.makeRoom()) throw error;
        }
      }
    },
    guardRoom: engine.guardRoom,
    inGroup: (work) =>
      sharing(() =>
        engine.shared.transaction().execute(async (trx) => {
          const { stores, flush } = groupedStores(trx, ownChain(trx, writer, engine), engine);
          const result = await work(stores);
          await flush();
          return result;
        }),
      ),
    tryWrite: () => tryWrite(db),
    close: () => db.destroy(),
  };
}

/** A new value each time: SQLite writes nothing for one that is there already. */
async function tryWrite(db: Db): Promise<void> {
  const value = randomBytes(6).toString('base64url');
  await db
    .insertInto('settings')
    .values({ name: 'tried', value })
    .onConflict((c) => c.column('name').doUpdateSet({ value }))
    .execute();
}

async function withRetries<T>(isRetryable: (error: unknown) => boolean, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryable(error)) throw error;
      const most = error instanceof Unavailable ? AFTER_LOSS.length : ATTEMPTS - 1;
      if (attempt > most) throw error;
      if (error instanceof Unavailable) await setTimeout(AFTER_LOSS[attempt - 1]);
    }
  }
}
