import type { Org, Orgs } from '../ports/orgs.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

function toOrg(row: Tables['orgs']): Org {
  return { name: row.name, title: row.title, training: row.training === 1, salt: row.salt };
}

export function orgs(db: Db): Orgs {
  return {
    async org(name) {
      const row = await db.selectFrom('orgs').selectAll().where('name', '=', name).executeTakeFirst();
      return row && toOrg(row);
    },
    async orgs() {
      return (await db.selectFrom('orgs').selectAll().orderBy('name').execute()).map(toOrg);
    },
    async saveOrg(org, at) {
      await db
        .insertInto('orgs')
        .values({ ...org, training: org.training ? 1 : 0, created_at: at })
        .onConflict((c) => c.column('name').doUpdateSet({ title: org.title }))
        .execute();
    },
  };
}
