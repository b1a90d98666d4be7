import type { ChangeStream, StoredChange } from '../ports/changes.ts';
import type { Db } from './db.ts';
import { eventOf } from './event-of.ts';
import { events } from './events.ts';
import { fromJson } from './json.ts';

export function changeStream(db: Db): ChangeStream {
  return {
    async append(org, change, wasBound = false, instead) {
      const last = await db
        .selectFrom('changes')
        .select('n')
        .where('org', '=', org)
        .orderBy('n', 'desc')
        .limit(1)
        .executeTakeFirst();
      // Reading before writing is safe here: this transaction is exclusive (ports/stores.ts).
      await db
        .insertInto('changes')
        .values({ org, n: (last?.n ?? 0) + 1, record: change.record, change: JSON.stringify(change) })
        .execute();
      await events(db).append(org, instead === undefined ? eventOf(change, wasBound) : [instead]);
    },
    tell: (org, event) => events(db).append(org, [event]),
    async lastOf(org, record) {
      const row = await db
        .selectFrom('changes')
        .select('change')
        .where('org', '=', org)
        .where('record', '=', record)
        .orderBy('n', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row && fromJson<StoredChange>(row.change);
    },
    async after(org, n, limit) {
      const rows = await db
        .selectFrom('changes')
        .select(['n', 'change'])
        .where('org', '=', org)
        .where('n', '>', n)
        .orderBy('n')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ n: row.n, change: fromJson<StoredChange>(row.change) }));
    },
  };
}
