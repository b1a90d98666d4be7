import { sql } from 'kysely';
import type { OutcomeCode } from '../../contract/codes.ts';
import type { RecordHeader } from '../../contract/envelope.ts';
import { fromBase64Url, fromUtf8 } from '../../core/bytes.ts';
import type { Outcome, Progress, Records, StoredRecord } from '../ports/records.ts';
import type { Db } from './db.ts';
import type { ManyRows } from './engine.ts';
import { fromJson } from './json.ts';
import type { Tables } from './tables.ts';

type ProgressRow = Pick<Tables['records'], 'id' | 'outcome' | 'binding' | 'approved_by'>;

/** `jws`: its envelope. What stands in the database was verified before it was written. */
export function toRecord(row: Tables['records'], jws: string): StoredRecord {
  const [header = '', payload = ''] = jws.split('.');
  return {
    id: row.id,
    digest: row.digest,
    header: read<RecordHeader>(header),
    author: row.author,
    payload: read<unknown>(payload),
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

function read<T>(part: string): T {
  return fromJson<T>(fromUtf8(fromBase64Url(part) ?? new Uint8Array()) ?? '');
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
    typ: record.header.typ,
    org: record.header.org,
    author: record.author,
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

/** Records by their ids, whatever is there of them, in no order. */
export async function readRecords(db: Db, many: ManyRows, ids: readonly string[]): Promise<StoredRecord[]> {
  if (ids.length === 0) return [];
  const rows = await many.select(db, { table: 'records', key: 'id' }, ids);
  const digests = rows.map(({ digest }) => digest);
  const envelopes = await many.select(
    db,
    { table: 'envelopes', columns: ['digest', 'jws'], key: 'digest' },
    digests,
  );
  const jws = new Map(envelopes.map((envelope) => [envelope.digest, envelope.jws]));
  return rows.flatMap((row) => {
    const envelope = jws.get(row.digest);
    return envelope === undefined ? [] : [toRecord(row, envelope)];
  });
}

/** Of an undecided one: what puts several in order, and what may have changed since it was received. */
const UNDECIDED = ['id', 'kid', 'seq', 'udid', 'received_at', 'binding', 'approved_by'] as const;
type Undecided = Pick<Tables['records'], (typeof UNDECIDED)[number]>;

export function records(db: Db, many: ManyRows): Records {
  const select = db
    .selectFrom('records')
    .innerJoin('envelopes', 'envelopes.digest', 'records.digest')
    .selectAll('records')
    .select('envelopes.jws');

  async function undecided(key: 'udid' | 'id', keys: readonly string[]): Promise<Undecided[]> {
    if (keys.length === 0) return [];
    // In words that no partial index stands on: the few of a device are found by its name, not among all undecided.
    const where = "coalesce(outcome, '') = ''";
    return many.select(db, { table: 'records', columns: UNDECIDED, key, where }, keys);
  }

  return {
    async add(record) {
      await db.insertInto('records').values(fromRecord(record)).execute();
    },
    async record(id) {
      const row = await select.where('records.id', '=', id).executeTakeFirst();
      return row && toRecord(row, row.jws);
    },
    async claim(ids) {
      const where = 'outcome is null and binding is null';
      const open = await many.select(db, { table: 'records', columns: ['id'], key: 'id', where }, ids);
      return open.map(({ id }) => id);
    },
    async lock(ids) {
      const columns = ['id', 'outcome', 'binding', 'approved_by'] as const;
      return (await many.select(db, { table: 'records', columns, key: 'id' }, ids)).map(toProgress);
    },
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
    async pendingOf(named, limit) {
      const atHand = new Map(
        named.flatMap((one) => (typeof one === 'string' ? [] : [[one.id, one] as const])),
      );
      const unread = named.filter((one) => typeof one === 'string');
      const columns = ['id', 'udid'] as const;
      const read =
        unread.length === 0 ? [] : await many.select(db, { table: 'records', columns, key: 'id' }, unread);
      const all = [...atHand.values(), ...read];
      const udids = new Set(all.map(({ udid }) => udid).filter((udid) => udid !== ''));
      const nameless = all.filter(({ udid }) => udid === '').map(({ id }) => id);
      const open = [...(await undecided('udid', [...udids])), ...(await undecided('id', nameless))];
      const next = open.sort(byArrival).slice(0, limit);
      const missing = next.map(({ id }) => id).filter((id) => !atHand.has(id));
      for (const record of await readRecords(db, many, missing)) atHand.set(record.id, record);
      return next.flatMap(({ id, binding, approved_by: approvedBy }) => {
        const record = atHand.get(id);
        return record === undefined
          ? []
          : [{ ...record, outcome: null, code: null, decidedAt: null, binding, approvedBy }];
      });
    },
    async waitingOf(udid) {
      const rows = await select
        .where('udid', '=', udid)
        .where((where) => where.or([where('outcome', 'is', null), where('outcome', '=', 'held')]))
        .limit(100)
        .execute();
      return rows.map((row) => toRecord(row, row.jws));
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
        .orderBy('records.received_at')
        .orderBy('records.id')
        .limit(limit)
        .execute();
      return rows.map((row) => toRecord(row, row.jws));
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
  };
}

function byArrival(one: Undecided, other: Undecided): number {
  if (one.received_at !== other.received_at) return one.received_at < other.received_at ? -1 : 1;
  if (one.kid !== other.kid) return one.kid < other.kid ? -1 : 1;
  return one.seq - other.seq;
}
