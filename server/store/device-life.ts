import type { DeviceLife, SuspensionReason } from '../ports/device-life.ts';
import type { Db } from './db.ts';
import { feedBinding } from './device-feed.ts';

export function deviceLife(db: Db): DeviceLife {
  return {
    async suspension(binding) {
      const row = await db
        .selectFrom('suspensions')
        .selectAll()
        .where('binding', '=', binding)
        .executeTakeFirst();
      return row && { binding, reason: row.reason as SuspensionReason, at: row.at, by: row.by_whom };
    },
    async suspend({ binding, reason, at, by }) {
      const values = { reason, at, by_whom: by };
      await db
        .insertInto('suspensions')
        .values({ binding, ...values })
        .onConflict((c) => c.column('binding').doUpdateSet(values))
        .execute();
      await feedBinding(db, binding);
    },
    async resume(binding) {
      await db.deleteFrom('suspensions').where('binding', '=', binding).execute();
      await feedBinding(db, binding);
    },
    async succession(binding) {
      return db.selectFrom('successions').selectAll().where('binding', '=', binding).executeTakeFirst();
    },
    async succeed(succession) {
      await db.insertInto('successions').values(succession).execute();
      await feedBinding(db, succession.binding);
    },
  };
}
