import { sql } from 'kysely';
import type { OutcomeCode } from '../../contract/codes.ts';
import type { RecordHeader } from '../../contract/envelope.ts';
import type { Outcome, Progress, Records, StoredRecord } from '../ports/records.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import { padded } from './padded.ts';
import type { Tables } from './tables.ts';

type ProgressRow = Pick<Tables['records'], 'id' | 'outcome' | 'binding' | 'approved_by'>;

export function toRecord(row: Tables['records']): StoredRecord {
  return {
    id: row.id,
    digest: row.digest,
    header: fromJson<RecordHeader>(row.header),
    author: row.author,
    payload: fromJson<unknown>(row.payload),
    udid: row.udid,
    capturedAt: row.captured_at,
    receivedAt: row.received_at,
    outcome: row.outcome as Outcome | null,
    code: row.code as OutcomeCode | null,
    decidedAt: row.decided_at,
    binding: row.binding,
    approvedBy: row.approved_by,
  };
}

export function toProgress(row: ProgressRow): Progress {
  const { id, outcome, binding, approved_by: approvedBy } = row;
  return { id, outcome: outcome as Outcome | null, binding, approvedBy };
}

export function fromRecord(record: StoredRecord): Tables['records'] {
  return {
    id: record.id,
    digest: record.digest,
    kid: record.header.kid,
    seq: record.header.seq,
    org: record.header.org,
    header: JSON.stringify(record.header),
    author: record.author,
    payload: JSON.stringify(record.payload),
    udid: record.udid,
    captured_at: record.capturedAt,
    received_at: record.receivedAt,
    outcome: record.outcome,
    code: record.code,
    decided_at: record.decidedAt,
    binding: record.binding,
    approved_by: record.approvedBy,
  };
}

export function records(db: Db): Records {
  const select = db.selectFrom('records').selectAll();
  return {
    async add(record) {
      await db.insertInto('records').values(fromRecord(record)).execute();
    },
    async record(id) {
      const row = await select.where('id', '=', id).executeTakeFirst();
      return row && toRecord(row);
    },
    async claim(ids) {
      const open = await db
        .selectFrom('records')
        .select('id')
        .where('id', 'in', padded(ids))
        .where('outcome', 'is', null)
        .where('binding', 'is', null)
        .execute();
      return open.map(({ id }) => id);
    },
    async lock(ids) {
      return (await select.where('id', 'in', padded(ids)).execute()).map(toProgress);
    },
    async pending(limit) {
      const rows = await select
        .where('outcome', 'is', null)
        .orderBy('received_at')
        .orderBy('kid')
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(toRecord);
    },
    async pendingOf(ids, limit) {
      if (ids.length === 0) return [];
      const named = await db
        .selectFrom('records')
        .select(['id', 'udid'])
        .where('id', 'in', padded(ids))
        .execute();
      const udids = [...new Set(named.map(({ udid }) => udid))].filter((udid) => udid !== '');
      const nameless = named.filter(({ udid }) => udid === '').map(({ id }) => id);
      // In words that no partial index stands on: the few of a device are found by its name, not among all undecided.
      const open = select.where(sql<boolean>`coalesce(outcome, '') = ''`);
      const found: Tables['records'][] = [];
      for (const [column, keys] of [
        ['udid', udids],
        ['id', nameless],
      ] as const) {
        if (keys.length === 0) continue;
        const some = open.where(column, 'in', padded(keys));
        found.push(
          ...(await some.orderBy('received_at').orderBy('kid').orderBy('seq').limit(limit).execute()),
        );
      }
      return found.sort(byArrival).slice(0, limit).map(toRecord);
    },
    async waitingOf(udid) {
      const rows = await select
        .where('udid', '=', udid)
        .where((where) => where.or([where('outcome', 'is', null), where('outcome', '=', 'held')]))
        .limit(100)
        .execute();
      return rows.map(toRecord);
    },
    async attach(id, binding, approvedBy) {
      await db
        .updateTable('records')
        .set({ binding, outcome: null, code: null, approved_by: approvedBy })
        .where('id', '=', id)
        .execute();
    },
    async reopen(id) {
      await db
        .updateTable('records')
        .set({ outcome: null, code: null, decided_at: null, binding: null, approved_by: null })
        .where('id', '=', id)
        .execute();
    },
    async settle(id, { outcome, code, decidedAt, binding }) {
      await db
        .updateTable('records')
        .set({ outcome, code, decided_at: decidedAt, binding })
        .where('id', '=', id)
        .execute();
    },
    async held(org, limit) {
      const rows = await select
        .where('org', '=', org)
        .where('outcome', '=', sql.lit('held'))
        .orderBy('received_at')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(toRecord);
    },
    async heldAsRevoked(kid) {
      const rows = await select
        .where('kid', '=', kid)
        .where('outcome', '=', sql.lit('held'))
        .where('code', '=', 'operator_revoked')
        .orderBy('seq')
        .execute();
      return rows.map(toRecord);
    },
  };
}

function byArrival(one: Tables['records'], other: Tables['records']): number {
  if (one.received_at !== other.received_at) return one.received_at < other.received_at ? -1 : 1;
  if (one.kid !== other.kid) return one.kid < other.kid ? -1 : 1;
  return one.seq - other.seq;
}
