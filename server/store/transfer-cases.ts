import type { GiveUpOffer, Offers, TransferCase, TransferCases } from '../ports/transfer-cases.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

function toCase({ opened_at, ...row }: Tables['transfer_cases']): TransferCase {
  return { ...row, openedAt: opened_at };
}

/**
 * Stands for no case, where the device was offered to whoever claims it: the column is part of a primary key, which
 * is not nullable.
 */
const WHOEVER = '';

function toGiveUp({ by_whom, transfer, ...row }: Tables['give_ups']): GiveUpOffer {
  return { ...row, by: by_whom, transfer: transfer === WHOEVER ? null : transfer };
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
    async decide(id, verdict, by, at) {
      await db.insertInto('transfer_verdicts').values({ id, verdict, by_whom: by, at }).execute();
    },
  };
}

export function offers(db: Db): Offers {
  return {
    async inCase({ id, binding }) {
      const rows = await db
        .selectFrom('give_ups')
        .selectAll()
        .where('binding', '=', binding)
        .where('transfer', 'in', [id, WHOEVER])
        .orderBy('at')
        .orderBy('transfer')
        .execute();
      return rows.map(toGiveUp);
    },
    async offer({ binding, transfer, by, because, at }) {
      await db
        .insertInto('give_ups')
        .values({ binding, transfer: transfer ?? WHOEVER, by_whom: by, because, at })
        .onConflict((c) => c.columns(['binding', 'transfer']).doNothing())
        .execute();
    },
    async withdraw({ id, binding }) {
      await db
        .deleteFrom('give_ups')
        .where('binding', '=', binding)
        .where('transfer', 'in', [id, WHOEVER])
        .execute();
    },
  };
}
