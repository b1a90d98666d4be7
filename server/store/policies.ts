import type { Policies, Policy } from '../ports/policies.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';

/** Stands for every domain: the column is part of a primary key, which is not nullable. */
const EVERY_DOMAIN = '';

export function policies(db: Db): Policies {
  return {
    async ofOrg(org) {
      const rows = await db
        .selectFrom('policies')
        .selectAll()
        .where('org', '=', org)
        .orderBy('domain')
        .execute();
      return rows.map(({ domain, policy }) => ({
        org,
        domain: domain === EVERY_DOMAIN ? null : domain,
        policy: fromJson<Policy>(policy),
      }));
    },
    async save({ org, domain, policy }, by, at) {
      const values = { policy: JSON.stringify(policy), at, by_whom: by };
      await db
        .insertInto('policies')
        .values({ org, domain: domain ?? EVERY_DOMAIN, ...values })
        .onConflict((c) => c.columns(['org', 'domain']).doUpdateSet(values))
        .execute();
    },
    async remove(org, domain) {
      const done = await db
        .deleteFrom('policies')
        .where('org', '=', org)
        .where('domain', '=', domain ?? EVERY_DOMAIN)
        .executeTakeFirst();
      return done.numDeletedRows === 1n;
    },
  };
}
