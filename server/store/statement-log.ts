import type { StatementLog } from '../ports/statement-log.ts';
import type { Db } from './db.ts';

export function statementLog(db: Db): StatementLog {
  return {
    async keys() {
      const rows = await db.selectFrom('statement_keys').selectAll().orderBy('from_at').execute();
      return rows.map((row) => ({ kid: row.kid, jws: row.jws, from: row.from_at }));
    },
    async saveKey({ kid, jws, from }) {
      await db.insertInto('statement_keys').values({ kid, jws, from_at: from }).execute();
    },
    async ends() {
      return db.selectFrom('statement_key_ends').selectAll().orderBy('at').orderBy('kid').execute();
    },
    async saveEnd(end) {
      const inserted = await db
        .insertInto('statement_key_ends')
        .values(end)
        .onConflict((c) => c.doNothing())
        .executeTakeFirst();
      return inserted.numInsertedOrUpdatedRows === 1n;
    },
    async log(digest, typ, at) {
      await db
        .insertInto('statements')
        .values({ digest, typ, at })
        .onConflict((c) => c.doNothing())
        .execute();
    },
    async issuedAt(digest) {
      const row = await db
        .selectFrom('statements')
        .select('at')
        .where('digest', '=', digest)
        .executeTakeFirst();
      return row?.at;
    },
  };
}
