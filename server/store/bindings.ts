import { sql } from 'kysely';
import type { Binding, BindingState, Bindings } from '../ports/bindings.ts';
import type { Db } from './db.ts';
import { PENDING } from './key-lineage.ts';
import type { Tables } from './tables.ts';

export function toBinding(row: Tables['bindings']): Binding {
  const { id, scope, org, domain, site, maker, udid, registration } = row;
  return {
    id,
    scope,
    org,
    domain,
    site,
    maker,
    udid,
    registration,
    keyDigest: row.key_digest,
    state: row.state as BindingState,
    unproven: row.unproven === 1,
    firstUse: row.first_use === 1,
    boundAt: row.bound_at,
    endedAt: row.ended_at,
  };
}

export function fromBinding(binding: Binding): Tables['bindings'] {
  const { keyDigest, unproven, firstUse, boundAt, endedAt, ...rest } = binding;
  return {
    ...rest,
    key_digest: keyDigest,
    unproven: unproven ? 1 : 0,
    first_use: firstUse ? 1 : 0,
    bound_at: boundAt,
    ended_at: endedAt,
  };
}

const SEARCHED = ['udid', 'maker', 'domain', 'site'] as const;

function holds(column: (typeof SEARCHED)[number], word: string) {
  const pattern = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
  // Both in the database: engines do not agree with this one on what a small letter is.
  return sql<boolean>`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`;
}

export function bindings(db: Db): Bindings {
  const select = db.selectFrom('bindings').selectAll();
  return {
    async binding(id) {
      const row = await select.where('id', '=', id).executeTakeFirst();
      return row && toBinding(row);
    },
    async liveConflicts(keyDigest, maker, udid) {
      // Two look-ups, each on its own unique index: as one with OR, SQLite would walk the whole table.
      const live = select.where('ended_at', 'is', null);
      const byKey = await live.where('key_digest', '=', keyDigest).execute();
      const byName = await live.where('maker', '=', maker).where('udid', '=', udid).execute();
      const all = new Map([...byKey, ...byName].map((row) => [row.id, toBinding(row)]));
      return [...all.values()];
    },
    async open(binding) {
      await db.insertInto('bindings').values(fromBinding(binding)).execute();
    },
    async setState(id, state) {
      await db.updateTable('bindings').set({ state }).where('id', '=', id).execute();
    },
    async rekey(id, keyDigest) {
      await db.updateTable('bindings').set({ key_digest: keyDigest }).where('id', '=', id).execute();
    },
    async prove(id) {
      await db.updateTable('bindings').set({ unproven: 0 }).where('id', '=', id).execute();
    },
    async placesTaken(org, domain, most) {
      const live = db
        .selectFrom('bindings')
        .select('id')
        .where('org', '=', org)
        .where('ended_at', 'is', null);
      const rows = await (domain === '' ? live : live.where('domain', '=', domain)).limit(most).execute();
      return rows.length;
    },
    async setSite(id, site) {
      await db.updateTable('bindings').set({ site }).where('id', '=', id).execute();
    },
    async end(id, at) {
      await db
        .updateTable('bindings')
        .set({ state: 'revoked', ended_at: at })
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .execute();
      await db
        .updateTable('lineage')
        .set({ state: 'dropped', at })
        .where('binding', '=', id)
        .where('state', '=', PENDING)
        .execute();
    },
    async ofOrg(org, limit) {
      const rows = await select.where('org', '=', org).orderBy('bound_at', 'desc').limit(limit).execute();
      return rows.map(toBinding);
    },
    async find(org, words, limit) {
      let some = select.where('org', '=', org);
      for (const word of words)
        some = some.where((where) => where.or(SEARCHED.map((one) => holds(one, word))));
      return (await some.orderBy('bound_at', 'desc').limit(limit).execute()).map(toBinding);
    },
    async liveIn(org, domain, limit) {
      const live = select.where('org', '=', org).where('domain', '=', domain).where('ended_at', 'is', null);
      return (await live.orderBy('bound_at', 'desc').limit(limit).execute()).map(toBinding);
    },
    async due(before, limit) {
      const rows = await db
        .selectFrom('bindings')
        .innerJoin('certificates', 'certificates.binding', 'bindings.id')
        .select(['bindings.id', (eb) => eb.fn.max('certificates.not_after').as('not_after')])
        .where('bindings.ended_at', 'is', null)
        .where('certificates.revoked_at', 'is', null)
        // One for a key that waits to be shown is of no use to a device that lost that key.
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
      const found = ids.length === 0 ? [] : await select.where('id', 'in', ids).execute();
      const byId = new Map(found.map((row) => [row.id, toBinding(row)]));
      return rows.flatMap(({ id, not_after: notAfter }) => {
        const binding = byId.get(id);
        return binding === undefined ? [] : [{ binding, notAfter }];
      });
    },
    async everByUdid(udid) {
      const rows = await select.where('udid', '=', udid).execute();
      return rows.map(toBinding);
    },
  };
}
