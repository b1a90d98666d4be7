import type { Crls } from '../ports/crls.ts';
import type { Db } from './db.ts';

export function crls(db: Db): Crls {
  return {
    async crl(issuer) {
      const row = await db.selectFrom('crls').selectAll().where('issuer', '=', issuer).executeTakeFirst();
      return (
        row && {
          issuer: row.issuer,
          number: row.number,
          der: row.der,
          thisUpdate: row.this_update,
          nextUpdate: row.next_update,
          revocations: row.revocations,
        }
      );
    },
    async ends() {
      const rows = await db.selectFrom('crls').select(['issuer', 'next_update']).execute();
      return rows.map(({ issuer, next_update }) => ({ issuer, nextUpdate: next_update }));
    },
    async saveCrl({ issuer, number, der, thisUpdate, nextUpdate, revocations }) {
      const values = { number, der, this_update: thisUpdate, next_update: nextUpdate, revocations };
      await db
        .insertInto('crls')
        .values({ issuer, ...values })
        .onConflict((c) => c.column('issuer').doUpdateSet(values))
        .execute();
    },
  };
}
