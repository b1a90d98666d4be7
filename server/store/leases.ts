import { fromInstant, toInstant } from '../../core/instant.ts';
import type { Leases } from '../ports/leases.ts';
import { PROCESS_SKEW } from '../ports/server-clock.ts';
import type { Db } from './db.ts';

export function leases(db: Db): Leases {
  return {
    async take({ name, owner, now, until }) {
      // A lease that ends later than ours would was taken by a clock that was wrong.
      const farthest = toInstant(fromInstant(until) + PROCESS_SKEW);
      const taken = await db
        .insertInto('leases')
        .values({ name, owner, until })
        .onConflict((c) =>
          c
            .column('name')
            .doUpdateSet({ owner, until })
            .where((where) =>
              where.or([
                where('leases.owner', '=', owner),
                where('leases.until', '<=', now),
                where('leases.until', '>', farthest),
              ]),
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
