import { parse } from '../../contract/parse.ts';
import { WorkPack } from '../../contract/work-pack.ts';
import { parseJws } from '../../core/jws.ts';
import { isByEndedKey, type StatementKeys } from '../../core/statement.ts';
import type { ListPart, PackList, SignedAnchor, StoredPack, WorkStore } from '../ports/work.ts';
import { type DatabaseHandle, writeStrictly } from './database.ts';
import { forgetLists, packList, saveListPart } from './list-store.ts';
import type { OperatorKeyStore } from './operator-key.ts';

/** In `meta`: the newest anchor, which no record may name yet. */
export const ANCHOR = 'anchor';

/** Work packs and what vouches for them. A pack was verified when it came; it is parsed again when it is read. */
export class IdbWorkStore implements WorkStore {
  readonly #db: DatabaseHandle;
  readonly #keys: OperatorKeyStore;
  /** Parsing a large pack is slow; the row's digest says whether the parsed one still holds. */
  #parsed = new Map<string, StoredPack>();
  /** The same for a list's own rows, by its cursor. */
  #lists = new Map<string, PackList>();

  constructor(db: DatabaseHandle, keys: OperatorKeyStore) {
    this.#db = db;
    this.#keys = keys;
  }

  enrolment() {
    return this.#keys.enrolment();
  }

  async packs(): Promise<readonly StoredPack[]> {
    const keys = await this.#keys.statementKeys();
    return this.#db.use(async (db) => {
      const stored: StoredPack[] = [];
      for (const row of await db.getAll('pack')) {
        const known = this.#parsed.get(row.org);
        const pack = known?.digest === row.digest ? known.pack : parse(WorkPack, parseJws(row.jws)?.payload);
        if (pack === undefined) continue; // written by another version: it will be fetched anew
        const entry = { pack, digest: row.digest, etag: isByEndedKey(row.jws, keys) ? '' : row.etag };
        this.#parsed.set(row.org, entry);
        const list = await packList(db, row.org, this.#db, this.#lists.get(row.org));
        if (list !== undefined) this.#lists.set(row.org, list);
        stored.push(list === undefined ? entry : { ...entry, list });
      }
      return stored;
    });
  }

  async savePack(jws: string, stored: StoredPack, anchor?: SignedAnchor): Promise<void> {
    await this.#db.use((db) =>
      writeStrictly(db, ['pack', 'meta'], async (tx) => {
        await tx
          .objectStore('pack')
          .put({ org: stored.pack.org, jws, digest: stored.digest, etag: stored.etag });
        const meta = tx.objectStore('meta');
        if (anchor !== undefined) await meta.put(anchor, ANCHOR);
        await meta.put(anchor?.digest ?? stored.digest, 'statement');
      }),
    );
    this.#parsed.set(stored.pack.org, stored);
  }

  saveList(part: ListPart): Promise<void> {
    return this.#db.use((db) => saveListPart(db, part));
  }

  async keepPacksOf(orgs: readonly string[]): Promise<void> {
    await this.#db.use(async (db) => {
      const tx = db.transaction('pack', 'readwrite');
      for (const org of await tx.store.getAllKeys()) if (!orgs.includes(org)) await tx.store.delete(org);
      await tx.done;
      // After its pack, which without a list would know no device.
      await forgetLists(db, orgs);
    });
  }

  statementKeys(): Promise<StatementKeys> {
    return this.#keys.statementKeys();
  }

  saveStatementKeys(keys: StatementKeys, chain?: readonly string[]): Promise<void> {
    return this.#keys.saveStatementKeys(keys, chain);
  }

  newestStatement() {
    return this.#db.use(async (db) => {
      const meta = db.transaction('meta').store;
      const [digest, anchor] = await Promise.all([meta.get('statement'), meta.get(ANCHOR)]);
      if (typeof digest !== 'string') return undefined;
      return isAnchor(anchor) && anchor.digest === digest ? anchor : { digest };
    });
  }
}

export function isAnchor(value: unknown): value is SignedAnchor {
  if (typeof value !== 'object' || value === null) return false;
  const { digest, jws } = value as Partial<SignedAnchor>;
  return typeof digest === 'string' && typeof jws === 'string';
}
