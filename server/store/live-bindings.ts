import type { LiveBindings, Quotas } from '../ports/bindings.ts';
import { toBinding } from './bindings.ts';
import type { Db } from './db.ts';
import { PENDING } from './key-lineage.ts';

export function liveBindings(db: Db): LiveBindings {
  const live = db.selectFrom('bindings').selectAll().where('ended_at', 'is', null);
  return {
    // Each look-up uses its own unique index: as one statement with OR, SQLite would scan the whole table.
    async byKey(keyDigest) {
      const row = await live.where('key_digest', '=', keyDigest).executeTakeFirst();
      return row && toBinding(row);
    },
    async byName(maker, udid) {
      const row = await live.where('maker', '=', maker).where('udid', '=', udid).executeTakeFirst();
      return row && toBinding(row);
    },
    async named(maker, udid) {
      const rows = await live.where('maker', '=', maker).where('udid', '=', udid).execute();
      return rows.map(toBinding);
    },
    async inDomain(org, domain, limit) {
      const some = live.where('org', '=', org).where('domain', '=', domain);
      return (await some.orderBy('bound_at', 'desc').limit(limit).execute()).map(toBinding);
    },
    async due(before, limit) {
      const rows = await db
        .selectFrom('bindings')
        .innerJoin('certificates', 'certificates.binding', 'bindings.id')
        .select(['bindings.id', (eb) => eb.fn.max('certificates.not_after').as('not_after')])
        .where('bindings.ended_at', 'is', null)
        .where('certificates.revoked_at', 'is', null)
        // A certificate for a pending key does not help a device that has lost that key, so it does not count.
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('lineage')
                .select('lineage.serial')
                .whereRef('lineage.binding', '=', 'bindings.id')
                .where('lineage.state', '=', PENDING)
                .whereRef('lineage.serial', '=', 'certificates.serial'),
            ),
          ),
        )
        .groupBy('bindings.id')
        .having((eb) => eb.fn.max('certificates.not_after'), '<', before)
        .orderBy('not_after')
        .limit(limit)
        .execute();
      const ids = rows.map(({ id }) => id);
      const found = ids.length === 0 ? [] : await live.where('id', 'in', ids).execute();
      const byId = new Map(found.map((row) => [row.id, toBinding(row)]));
      return rows.flatMap(({ id, not_after: notAfter }) => {
        const binding = byId.get(id);
        return binding === undefined ? [] : [{ binding, notAfter }];
      });
    },
  };
}

export function quotas(db: Db): Quotas {
  return {
    takePlace: async (org, domain, quota) => (await livePlaces(db, org, domain, quota)) < quota,
  };
}

/** The number of live bindings, counted up to `most`. Domain null: in all domains of the organisation. */
export async function livePlaces(db: Db, org: string, domain: string | null, most: number): Promise<number> {
  const live = db.selectFrom('bindings').select('id').where('org', '=', org).where('ended_at', 'is', null);
  const rows = await (domain === null ? live : live.where('domain', '=', domain)).limit(most).execute();
  return rows.length;
}
