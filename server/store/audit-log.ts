import { sql } from 'kysely';
import type { AuditFacts, AuditHead, AuditLog, AuditSeal } from '../ports/audit-log.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import type { Tables } from './tables.ts';

function toSeal({ n, heads, jws }: Tables['audit_seals']): AuditSeal {
  return { n, heads: fromJson<AuditHead[]>(heads), jws };
}

async function outside(): Promise<never> {
  throw new Error('the audit trail is written by transactions only');
}

/** `append` collects a transaction's entries (own-chain.ts). */
export function auditLog(db: Db, append: (facts: AuditFacts) => Promise<void> = outside): AuditLog {
  const seals = db.selectFrom('audit_seals').selectAll();
  return {
    append,
    async after(place, limit) {
      const all = db.selectFrom('audit').selectAll().orderBy('writer').orderBy('n').limit(limit);
      if (place === undefined) return all.execute();
      return all.where(sql<boolean>`(writer, n) > (${place.writer}, ${place.n})`).execute();
    },
    async recordsOf(udid) {
      const rows = await db
        .selectFrom('records')
        .select('id')
        .where('udid', '=', udid)
        .orderBy('id')
        .execute();
      return rows.map(({ id }) => id);
    },
    async lastSeal() {
      const row = await seals.orderBy('n', 'desc').limit(1).executeTakeFirst();
      return row && toSeal(row);
    },
    async sealsAfter(n, limit) {
      return (await seals.where('n', '>', n).orderBy('n').limit(limit).execute()).map(toSeal);
    },
    async unsealed(limit) {
      return db
        .selectFrom('audit_heads')
        .select(['writer', 'n', 'hash'])
        .whereRef('n', '>', 'sealed')
        .orderBy('writer')
        .limit(limit)
        .execute();
    },
    async sealed() {
      const rows = await db
        .selectFrom('audit_heads')
        .select(['writer', 'sealed'])
        .where('sealed', '>', 0)
        .execute();
      return rows.map(({ writer, sealed }) => ({ writer, n: sealed }));
    },
    async keepSeal({ n, heads, jws }, at) {
      const inserted = await db
        .insertInto('audit_seals')
        .values({ n, at, heads: JSON.stringify(heads), jws })
        .onConflict((c) => c.doNothing())
        .executeTakeFirst();
      if (inserted.numInsertedOrUpdatedRows !== 1n) return false;
      for (const head of heads)
        await db
          .updateTable('audit_heads')
          .set({ sealed: head.n })
          .where('writer', '=', head.writer)
          .execute();
      return true;
    },
  };
}
