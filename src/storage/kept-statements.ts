import type { KeptStatements, SignedAnchor } from '../ports/work.ts';
import { type DatabaseHandle, writeStrictly } from './database.ts';
import { CHAIN, CREDENTIALS } from './operator-key.ts';
import { anchorKey } from './outbox-write.ts';
import { ANCHOR, isAnchor } from './work-store.ts';

/** What the backend signed, as it was signed. It comes when something is sent, not with the first screen. */
export class IdbKeptStatements implements KeptStatements {
  readonly #db: DatabaseHandle;

  constructor(db: DatabaseHandle) {
    this.#db = db;
  }

  async saveAnchor(anchor: SignedAnchor): Promise<void> {
    await this.#db.use((db) =>
      writeStrictly(db, ['meta'], async (tx) => {
        const meta = tx.objectStore('meta');
        const before = await meta.get(ANCHOR);
        // The same for some minutes; a receipt may be the newest since.
        if (isAnchor(before) && before.digest === anchor.digest) return;
        await meta.put(anchor, ANCHOR);
        await meta.put(anchor.digest, 'statement');
      }),
    );
  }

  anchors(digests: readonly string[]): Promise<readonly string[]> {
    return this.#db.use(async (db) => {
      const meta = db.transaction('meta').store;
      const found = await Promise.all(digests.map((digest) => meta.get(anchorKey(digest))));
      return found.filter((jws) => typeof jws === 'string');
    });
  }

  credentials(): Promise<readonly string[]> {
    return this.#db.use(async (db) => {
      const found = await db.getAll('meta', IDBKeyRange.bound(CREDENTIALS, `${CREDENTIALS}\uffff`));
      return found.filter((jws) => typeof jws === 'string');
    });
  }

  statementChain(): Promise<readonly string[]> {
    return this.#db.use(async (db) => {
      const stored = await db.get('keys', CHAIN);
      return Array.isArray(stored) ? stored.filter((jws) => typeof jws === 'string') : [];
    });
  }

  packTexts(): Promise<readonly string[]> {
    return this.#db.use(async (db) => (await db.getAll('pack')).map(({ jws }) => jws));
  }
}
