import { sql } from 'kysely';
import { parse } from '../../contract/parse.ts';
import { LossReport } from '../../contract/phone.ts';
import { Skip } from '../../contract/skip.ts';
import { parseJws } from '../../core/jws.ts';
import type { Phones } from '../ports/phones.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';

export function phones(db: Db): Phones {
  return {
    async ofOrg(org, limit) {
      const rows = await db
        .selectFrom('heads')
        .innerJoin('operator_keys', 'operator_keys.kid', 'heads.kid')
        .innerJoin('memberships', 'memberships.operator', 'operator_keys.operator')
        .innerJoin('people', 'people.operator', 'operator_keys.operator')
        .selectAll('heads')
        .select('people.name')
        .where('memberships.org', '=', org)
        .orderBy('heads.reported_at', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        kid: row.kid,
        seq: Number(row.seq),
        digest: row.digest,
        epoch: row.epoch,
        unsent: Number(row.unsent),
        oldestUnsentAt: row.oldest_unsent_at,
        persisted: row.persisted === null ? null : Number(row.persisted) === 1,
        reportedAt: row.reported_at,
        operatorName: row.name,
      }));
    },
    async placesTaken(kid, head) {
      const row = await db
        .selectFrom('envelopes')
        .select((count) => count.fn.countAll<number | string>().as('n'))
        .where('kid', '=', kid)
        .where('seq', '<=', head)
        .where('in_chain', '=', sql.lit(1))
        .executeTakeFirstOrThrow();
      return Number(row.n);
    },
    async numbersTaken(kid, after, head, limit) {
      const rows = await db
        .selectFrom('envelopes')
        .select('seq')
        .where('kid', '=', kid)
        .where('seq', '>', after)
        .where('seq', '<=', head)
        .where('in_chain', '=', sql.lit(1))
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(({ seq }) => Number(seq));
    },
    async skipped(kid) {
      const rows = await db
        .selectFrom('records')
        .innerJoin('envelopes', 'envelopes.digest', 'records.digest')
        .select('envelopes.jws')
        .where('records.kid', '=', kid)
        .where('records.typ', '=', sql.lit('skip+jws'))
        .execute();
      return rows.flatMap(({ jws }) => parse(Skip, parseJws(jws)?.payload)?.seq ?? []);
    },
    async keepLoss({ report, reporter, at }) {
      const values = { report: JSON.stringify(report), reporter, reported_at: at };
      await db
        .insertInto('phone_losses')
        .values({ kid: report.kid, ...values })
        .onConflict((c) => c.column('kid').doUpdateSet(values))
        .execute();
    },
    async lossOf(kid) {
      const row = await db
        .selectFrom('phone_losses')
        .select(['report', 'reporter'])
        .where('kid', '=', kid)
        .executeTakeFirst();
      const report = row && parse(LossReport, fromJson<unknown>(row.report));
      return report && { report, reporter: row.reporter };
    },
  };
}
