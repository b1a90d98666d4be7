import { concat } from '../../core/bytes.ts';
import type { Photos } from '../ports/photos.ts';
import type { Db } from './db.ts';

export function photos(db: Db): Photos {
  return {
    async photo(org, digest) {
      const row = await db
        .selectFrom('photos')
        .selectAll()
        .where('org', '=', org)
        .where('digest', '=', digest)
        .executeTakeFirst();
      return row && { org, digest, bytes: Number(row.bytes), have: Number(row.have), keptAt: row.kept_at };
    },
    async begin({ org, digest, bytes, operator, at }) {
      await db
        .insertInto('photos')
        .values({ org, digest, bytes, have: 0, begun_at: at, kept_at: null, operator, touched_at: at })
        .execute();
    },
    async add(org, digest, offset, data, at) {
      await db.insertInto('photo_parts').values({ org, digest, begins: offset, data }).execute();
      await db
        .updateTable('photos')
        .set({ have: offset + data.length, touched_at: at })
        .where('org', '=', org)
        .where('digest', '=', digest)
        .execute();
    },
    async data(org, digest) {
      const rows = await db
        .selectFrom('photo_parts')
        .select('data')
        .where('org', '=', org)
        .where('digest', '=', digest)
        .orderBy('begins')
        .execute();
      return concat(...rows.map(({ data }) => data));
    },
    async keep(org, digest, at) {
      await db
        .updateTable('photos')
        .set({ kept_at: at })
        .where('org', '=', org)
        .where('digest', '=', digest)
        .execute();
    },
    async dropParts(org, digest) {
      await db.deleteFrom('photo_parts').where('org', '=', org).where('digest', '=', digest).execute();
      await db
        .updateTable('photos')
        .set({ have: 0 })
        .where('org', '=', org)
        .where('digest', '=', digest)
        .execute();
    },
    async bytesOf(org, operator) {
      const all = db
        .selectFrom('photos')
        .select((sum) => sum.fn.sum<number | string | null>('have').as('n'))
        .where('org', '=', org);
      const some = operator === undefined ? all : all.where('operator', '=', operator);
      const row = await some.executeTakeFirstOrThrow();
      return Number(row.n ?? 0);
    },
    async dropUnfinished(org, before, but) {
      const rows = await db
        .selectFrom('photos')
        .select('digest')
        .where('org', '=', org)
        .where('kept_at', 'is', null)
        .where('digest', '!=', but)
        // Uploads begun before this column was there have none.
        .where((is) => is(is.fn.coalesce('touched_at', 'begun_at'), '<', before))
        .execute();
      for (const { digest } of rows)
        for (const table of ['photo_parts', 'photos'] as const)
          await db.deleteFrom(table).where('org', '=', org).where('digest', '=', digest).execute();
    },
  };
}
