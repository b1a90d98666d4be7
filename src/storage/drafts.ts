import type { Drafts } from '../ports/drafts.ts';
import type { DatabaseHandle } from './database.ts';

/** Half-done work by flow: one draft each, overwritten as the flow moves. */
export class IdbDrafts implements Drafts {
  readonly #db: DatabaseHandle;

  constructor(db: DatabaseHandle) {
    this.#db = db;
  }

  load(id: string): Promise<unknown> {
    return this.#db.use(async (db) => (await db.get('draft', id))?.content);
  }

  async save(id: string, content: unknown): Promise<void> {
    await this.#db.use((db) => db.put('draft', { id, content }));
  }

  async drop(id: string): Promise<void> {
    await this.#db.use((db) => db.delete('draft', id));
  }
}
