import type { DatabaseHandle } from './database.ts';

/** Keeps the simulated device of this browser, so that its certificate can be written after a reload. */
export class IdbPracticeStore {
  readonly #db: DatabaseHandle;

  constructor(db: DatabaseHandle) {
    this.#db = db;
  }

  async load(): Promise<unknown> {
    const all = await this.#db.use((db) => db.getAll('simulated'));
    return all.at(-1)?.state;
  }

  /** Only one lives at a time. */
  async save(udid: string, state: unknown): Promise<void> {
    await this.#db.use(async (db) => {
      const tx = db.transaction('simulated', 'readwrite');
      await tx.store.clear();
      await tx.store.put({ udid, state });
      await tx.done;
    });
  }
}
