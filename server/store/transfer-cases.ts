import type { GiveUpOffer, Offers, TransferCase, TransferCases } from '../ports/transfer-cases.ts';
import type { Db } from './db.ts';
import { fairly } from './fairly.ts';
import type { Tables } from './tables.ts';

function toCase({ opened_at, open_pair: _, ...row }: Tables['transfer_cases']): TransferCase {
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

/** Most cases that one claimant has open against one owner. Nobody has so many devices in dispute at a time. */
const MOST_OPEN = 500;

export function transferCases(db: Db): TransferCases {
  const live = db
    .selectFrom('transfer_cases')
    .innerJoin('bindings', 'bindings.id', 'transfer_cases.binding')
    .selectAll('transfer_cases')
    .where('bindings.ended_at', 'is', null)
    .where('transfer_cases.open_pair', 'is not', null);
  const open = live.orderBy('transfer_cases.opened_at');
  /** Whether the claimant has as many cases open against the binding's organisation as it may have. */
  const isFull = async (binding: string, claimant: string) => {
    const owner = db.selectFrom('bindings').select('org').where('id', '=', binding);
    const some = live.where('claimant', '=', claimant).where('bindings.org', '=', owner).limit(MOST_OPEN);
    return (await some.execute()).length >= MOST_OPEN;
  };
  return {
    async openCase({ id, record, claimant, binding, openedAt }) {
      const pair = `${binding} ${claimant}`;
      const before = await db
        .selectFrom('transfer_cases')
        .leftJoin('records', 'records.id', 'transfer_cases.record')
        .select(['transfer_cases.id', 'records.code'])
        .where('open_pair', '=', pair)
        .executeTakeFirst();
      if (before !== undefined) {
        // Its claim was taken back since, so the case is about this one now.
        if (before.code !== null && before.code !== 'transfer_case')
          await db.updateTable('transfer_cases').set({ record }).where('id', '=', before.id).execute();
        return;
      }
      if (await isFull(binding, claimant)) return;
      await db
        .insertInto('transfer_cases')
        .values({ id, record, claimant, binding, opened_at: openedAt, open_pair: pair })
        .onConflict((c) => c.doNothing())
        .execute();
    },
    async openCases() {
      return (await open.execute()).map(toCase);
    },
    async openOf(org, limit) {
      const ranked = live
        .leftJoin('records', 'records.id', 'transfer_cases.record')
        .select(fairly('coalesce(records.author, transfer_cases.claimant)', 'transfer_cases.opened_at'))
        .where('bindings.org', '=', org);
      const rows = await db
        .selectFrom(ranked.as('ranked'))
        .selectAll()
        .orderBy('turn')
        .orderBy('opened_at')
        .limit(limit)
        .execute();
      return rows.map(({ turn: _, ...row }) => toCase(row)).sort(byAge);
    },
    async open(id) {
      const row = await open.where('transfer_cases.id', '=', id).executeTakeFirst();
      return row && toCase(row);
    },
    async decide(id, verdict, by, at) {
      await db.updateTable('transfer_cases').set({ open_pair: null }).where('id', '=', id).execute();
      await db.insertInto('transfer_verdicts').values({ id, verdict, by_whom: by, at }).execute();
    },
  };
}

function byAge(one: TransferCase, other: TransferCase): number {
  return one.openedAt < other.openedAt ? -1 : Number(one.openedAt > other.openedAt);
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
