import type { Responders } from '../ports/responders.ts';
import type { Db } from './db.ts';

export function responders(db: Db): Responders {
  return {
    async responder(issuer) {
      const row = await db
        .selectFrom('responders')
        .selectAll()
        .where('issuer', '=', issuer)
        .executeTakeFirst();
      return row && { issuer, certificate: row.certificate, notAfter: row.not_after };
    },
    async saveResponder({ issuer, certificate, notAfter }) {
      const values = { certificate, not_after: notAfter };
      await db
        .insertInto('responders')
        .values({ issuer, ...values })
        .onConflict((c) => c.column('issuer').doUpdateSet(values))
        .execute();
    },
  };
}
