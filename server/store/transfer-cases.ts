import type { TransferCases } from '../ports/transfer-cases.ts';
import type { Db } from './db.ts';

export function transferCases(db: Db): TransferCases {
  return {
    async openCase({ id, record, claimant, binding, openedAt }) {
      await db
        .insertInto('transfer_cases')
        .values({ id, record, claimant, binding, opened_at: openedAt })
        .onConflict((c) => c.column('record').doNothing())
        .execute();
    },
    async openCases() {
      const rows = await db.selectFrom('transfer_cases').selectAll().orderBy('opened_at').execute();
      return rows.map(({ opened_at, ...row }) => ({ ...row, openedAt: opened_at }));
    },
  };
}
