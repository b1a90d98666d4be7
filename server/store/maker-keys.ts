import type { MakerKeys } from '../ports/maker-keys.ts';
import type { Db } from './db.ts';

export function makerKeys(db: Db): MakerKeys {
  return {
    async live(org) {
      const found = await db
        .selectFrom('maker_keys')
        .selectAll()
        .where('org', '=', org)
        .where('ended_at', 'is', null)
        .orderBy('added_at')
        .orderBy('digest')
        .execute();
      return found.map(({ added_at, added_by, ended_at: _, spki, ...same }) => ({
        ...same,
        spki: new Uint8Array(spki),
        addedAt: added_at,
        addedBy: added_by,
      }));
    },
    async add({ addedAt, addedBy, ...same }) {
      const values = { ...same, added_at: addedAt, added_by: addedBy, ended_at: null };
      await db
        .insertInto('maker_keys')
        .values(values)
        .onConflict((c) => c.columns(['org', 'digest']).doUpdateSet(values))
        .execute();
    },
    async end(org, digest, at) {
      const { numUpdatedRows } = await db
        .updateTable('maker_keys')
        .set({ ended_at: at })
        .where('org', '=', org)
        .where('digest', '=', digest)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  };
}
