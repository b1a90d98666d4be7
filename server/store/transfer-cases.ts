import type { TransferCase, TransferCases } from '../ports/transfer-cases.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

function toCase({ opened_at, ...row }: Tables['transfer_cases']): TransferCase {
  return { ...row, openedAt: opened_at };
}

export function transferCases(db: Db): TransferCases {
  const open = db
    .selectFrom('transfer_cases')
    .innerJoin('bindings', 'bindings.id', 'transfer_cases.binding')
    .leftJoin('transfer_verdicts', 'transfer_verdicts.id', 'transfer_cases.id')
    .selectAll('transfer_cases')
    .where('bindings.ended_at', 'is', null)
    .where('transfer_verdicts.id', 'is', null)
    .orderBy('transfer_cases.opened_at');
  return {
    async openCase({ id, record, claimant, binding, openedAt }) {
      await db
        .insertInto('transfer_cases')
        .values({ id, record, claimant, binding, opened_at: openedAt })
        .onConflict((c) => c.column('record').doNothing())
        .execute();
    },
    async openCases() {
      return (await open.execute()).map(toCase);
    },
    async openOf(org, limit) {
      return (await open.where('bindings.org', '=', org).limit(limit).execute()).map(toCase);
    },
    async open(id) {
      const row = await open.where('transfer_cases.id', '=', id).executeTakeFirst();
      return row && toCase(row);
    },
    async offered(binding) {
      const row = await db
        .selectFrom('give_ups')
        .selectAll()
        .where('binding', '=', binding)
        .executeTakeFirst();
      return row && { binding, by: row.by_whom, because: row.because, at: row.at };
    },
    async offer({ binding, by, because, at }) {
      await db
        .insertInto('give_ups')
        .values({ binding, by_whom: by, because, at })
        .onConflict((c) => c.column('binding').doNothing())
        .execute();
    },
    async withdrawOffer(binding) {
      await db.deleteFrom('give_ups').where('binding', '=', binding).execute();
    },
    async decide(id, verdict, by, at) {
      await db.insertInto('transfer_verdicts').values({ id, verdict, by_whom: by, at }).execute();
    },
  };
}
