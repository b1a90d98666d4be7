import { sql } from 'kysely';
import type { RowClaim, RowClaims } from '../ports/row-claims.ts';
import type { Db } from './db.ts';
import { fairly } from './fairly.ts';
import type { Tables } from './tables.ts';

function toClaim({ opened_at, ...row }: Tables['row_claims']): RowClaim {
  return { ...row, openedAt: opened_at };
}

export function rowClaims(db: Db): RowClaims {
  const open = db
    .selectFrom('row_claims')
    .innerJoin('records', 'records.id', 'row_claims.record')
    .selectAll('row_claims')
    .where('records.outcome', '=', sql.lit('held'))
    .where('records.code', '=', sql.lit('transfer_case'));
  return {
    async open({ openedAt, ...claim }) {
      const values = { ...claim, opened_at: openedAt };
      await db
        .insertInto('row_claims')
        .values(values)
        .onConflict((c) => c.column('record').doUpdateSet(values))
        .execute();
    },
    async ofRecord(record) {
      const row = await open.where('row_claims.record', '=', record).executeTakeFirst();
      return row && toClaim(row);
    },
    async ofOwner(owner, limit) {
      const each = open
        .where('row_claims.owner', '=', owner)
        .select('records.author')
        .select(
          sql<number>`row_number() over (partition by row_claims.scope, row_claims.maker, row_claims.udid, row_claims.claimant order by row_claims.opened_at, row_claims.record)`.as(
            'nth',
          ),
        );
      const first = db
        .selectFrom(each.as('each'))
        .selectAll()
        .select(fairly('author', 'opened_at, record'))
        .where('nth', '=', 1);
      const rows = await db
        .selectFrom(first.as('first'))
        .select(['record', 'owner', 'claimant', 'scope', 'maker', 'udid', 'opened_at'])
        .orderBy('turn')
        .orderBy('opened_at')
        .limit(limit)
        .execute();
      return rows.map(toClaim);
    },
    async on({ scope, maker, udid }) {
      const rows = await open
        .where('row_claims.scope', '=', scope)
        .where('row_claims.maker', '=', maker)
        .where('row_claims.udid', '=', udid)
        .execute();
      return rows.map(toClaim);
    },
  };
}
