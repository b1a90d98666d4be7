import type { Tombstones } from '../ports/tombstones.ts';
import type { Db } from './db.ts';
import { changed } from './versions.ts';

export function tombstones(db: Db): Tombstones {
  return {
    async anyLive(digests) {
      const found = await db
        .selectFrom('tombstones')
        .select('digest')
        .where('digest', 'in', [...digests])
        .where('lifted_at', 'is', null)
        .executeTakeFirst();
      return found !== undefined;
    },
    async bury({ digest, reason, at, by }) {
      const values = { reason, at, by_whom: by, lifted_at: null, lifted_by: null, lift_reason: null };
      await db
        .insertInto('tombstones')
        .values({ digest, ...values })
        .onConflict((c) => c.column('digest').doUpdateSet(values))
        .execute();
      await changed(db, 'tombstones');
    },
    async live(limit) {
      const found = await db
        .selectFrom('tombstones')
        .select('digest')
        .where('lifted_at', 'is', null)
        .orderBy('digest')
        .limit(limit)
        .execute();
      return found.map((row) => row.digest);
    },
    async neverBuried(digests) {
      const known = new Set<string>();
      // In pages: an engine takes a bounded number of parameters.
      for (let from = 0; from < digests.length; from += 500) {
        const page = digests.slice(from, from + 500);
        const rows = await db.selectFrom('tombstones').select('digest').where('digest', 'in', page).execute();
        for (const { digest } of rows) known.add(digest);
      }
      return digests.filter((digest) => !known.has(digest));
    },
    async lift(digests, by, reason, at) {
      const lifted = await db
        .updateTable('tombstones')
        .set({ lifted_at: at, lifted_by: by, lift_reason: reason })
        .where('digest', 'in', [...digests])
        .where('lifted_at', 'is', null)
        .executeTakeFirst();
      await changed(db, 'tombstones');
      return Number(lifted.numUpdatedRows);
    },
  };
}
