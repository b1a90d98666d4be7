import type { AdministratorTimes } from '../ports/accounts.ts';
import type { Db } from './db.ts';

/** No organisation: the installation. */
const named = (org: string | null) => org ?? '';

export function administratorTimes(db: Db): AdministratorTimes {
  return {
    async begun(operator, org, at) {
      await db
        .insertInto('administrator_times')
        .values({ operator, org: named(org), since: at, until: null })
        .onConflict((c) =>
          c
            .columns(['operator', 'org'])
            .doUpdateSet({ since: at, until: null })
            .where('administrator_times.until', 'is not', null),
        )
        .execute();
    },
    async ended(operator, org, at) {
      await db
        .insertInto('administrator_times')
        .values({ operator, org: named(org), since: at, until: at })
        .onConflict((c) => c.columns(['operator', 'org']).doUpdateSet({ until: at }))
        .execute();
    },
    async since(operator, org) {
      const row = await db
        .selectFrom('administrator_times')
        .select('since')
        .where('operator', '=', operator)
        .where('org', '=', named(org))
        .executeTakeFirst();
      return row?.since;
    },
    async wasOneAfter(operator, at) {
      const row = await db
        .selectFrom('administrator_times')
        .select('operator')
        .where('operator', '=', operator)
        .where('until', '>', at)
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}
