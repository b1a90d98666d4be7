import type { Leases } from '../ports/leases.ts';
import type { Db } from './db.ts';

export function leases(db: Db): Leases {
  return {
    async take({ name, owner, now, until }) {
      const taken = await db
        .insertInto('leases')
        .values({ name, owner, until })
        .onConflict((c) =>
          c
            .column('name')
            .doUpdateSet({ owner, until })
            .where((where) =>
              where.or([where('leases.owner', '=', owner), where('leases.until', '<=', now)]),
            ),
        )
        .executeTakeFirst();
      return taken.numInsertedOrUpdatedRows === 1n;
    },
    async leave(name, owner) {
      await db.deleteFrom('leases').where('name', '=', name).where('owner', '=', owner).execute();
    },
  };
}
