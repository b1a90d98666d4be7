import { sql } from 'kysely';
import type { DecisionQueue } from '../ports/records.ts';
import type { Db } from './db.ts';
import { type BulkRows, type Locking, NO_LOCKS } from './engine.ts';
import { NOBODY, readRecords, recordRows, toProgress, toRecord } from './records.ts';
import type { Tables } from './tables.ts';

/** Columns of an undecided record: those that give its order, and those that may have changed since it was received. */
const UNDECIDED = ['id', 'kid', 'seq', 'udid', 'received_at', 'binding', 'approved_by'] as const;
type UndecidedRow = Pick<Tables['records'], (typeof UNDECIDED)[number]>;

export function decisionQueue(db: Db, bulk: BulkRows): DecisionQueue {
  const select = recordRows(db);

  async function undecided(key: 'udid' | 'id', keys: readonly string[]): Promise<UndecidedRow[]> {
    if (keys.length === 0) return [];
    // Not `outcome is null`: that would match the partial index of all undecided records, and the planner would scan
    // that index instead of the one on the device's name, which leads to a few rows.
    const where = "coalesce(outcome, '') = ''";
    return bulk.select(db, { table: 'records', columns: UNDECIDED, key, where }, keys);
  }

  return {
    ...recordClaims(db, bulk, NO_LOCKS),
    async pending(limit) {
      const rows = await select
        .where('outcome', 'is', null)
        .orderBy('records.received_at')
        .orderBy('records.kid')
        .orderBy('records.seq')
        .limit(limit)
        .execute();
      return rows.map((row) => toRecord(row, row.jws));
    },
    async countPending(limit) {
      const rows = await db
        .selectFrom('records')
        .select('id')
        .where('outcome', 'is', null)
        .limit(limit)
        .execute();
      return rows.length;
    },
    async pendingOf(received, limit) {
      const atHand = new Map(
        received.flatMap((one) => (typeof one === 'string' ? [] : [[one.id, one] as const])),
      );
      const unread = received.filter((one) => typeof one === 'string');
      const columns = ['id', 'udid'] as const;
      const read =
        unread.length === 0 ? [] : await bulk.select(db, { table: 'records', columns, key: 'id' }, unread);
      const all = [...[...atHand.values()].map(({ id, udid }) => ({ id, udid: udid ?? NOBODY })), ...read];
      const udids = new Set(all.map(({ udid }) => udid).filter((udid) => udid !== NOBODY));
      const nameless = all.filter(({ udid }) => udid === NOBODY).map(({ id }) => id);
      const open = [...(await undecided('udid', [...udids])), ...(await undecided('id', nameless))];
      const next = open.sort(byArrival).slice(0, limit);
      const missing = next.map(({ id }) => id).filter((id) => !atHand.has(id));
      for (const record of await readRecords(db, bulk, missing)) atHand.set(record.id, record);
      return next.flatMap(({ id, binding, approved_by: approvedBy }) => {
        const record = atHand.get(id);
        return record === undefined
          ? []
          : [{ ...record, outcome: null, code: null, decidedAt: null, binding, approvedBy }];
      });
    },
    async heldAsRevoked(kid) {
      const rows = await select
        .where('records.kid', '=', kid)
        .where('outcome', '=', sql.lit('held'))
        .where('records.code', '=', 'operator_revoked')
        .orderBy('records.seq')
        .execute();
      return rows.map((row) => toRecord(row, row.jws));
    },
    async heldBecause(code, author) {
      const rows = await db
        .selectFrom('records')
        .select('id')
        .where('outcome', '=', sql.lit('held'))
        .where('code', '=', code)
        .$if(author !== undefined, (some) => some.where('author', '=', author ?? ''))
        .orderBy('id')
        .execute();
      return rows.map(({ id }) => id);
    },
  };
}

/** Claims records by row locks, if the engine has them and the transaction needs them. Rows that another one has locked are skipped. */
export function recordClaims(
  db: Db,
  bulk: BulkRows,
  { wait, skip }: Locking,
): Pick<DecisionQueue, 'claim' | 'lock'> {
  return {
    async claim(ids) {
      const where = 'outcome is null and binding is null';
      const tail = `order by id ${skip}`;
      const open = await bulk.select(db, { table: 'records', columns: ['id'], key: 'id', where, tail }, ids);
      return open.map(({ id }) => id);
    },
    async lock(ids) {
      const columns = ['id', 'outcome', 'binding', 'approved_by'] as const;
      const tail = `order by id ${wait}`;
      return (await bulk.select(db, { table: 'records', columns, key: 'id', tail }, ids)).map(toProgress);
    },
  };
}

function byArrival(one: UndecidedRow, other: UndecidedRow): number {
  if (one.received_at !== other.received_at) return one.received_at < other.received_at ? -1 : 1;
  if (one.kid !== other.kid) return one.kid < other.kid ? -1 : 1;
  return one.seq - other.seq;
}
