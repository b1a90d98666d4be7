import { parse } from '../../contract/parse.ts';
import { PublicJwk } from '../../contract/public-jwk.ts';
import type { RescueKeyStore } from '../ports/rescue.ts';
import type { DatabaseHandle } from './database.ts';

export class IdbRescueKeyStore implements RescueKeyStore {
  readonly #db: DatabaseHandle;

  constructor(db: DatabaseHandle) {
    this.#db = db;
  }

  rescueKey() {
    return this.#db.use(async (db) => parse(PublicJwk, await db.get('keys', 'rescue')));
  }

  async saveRescueKey(key: PublicJwk) {
    await this.#db.use((db) => db.put('keys', key, 'rescue'));
  }
}
