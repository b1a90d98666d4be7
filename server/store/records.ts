import { sql } from 'kysely';
import type { OutcomeCode } from '../../contract/codes.ts';
import type { RecordHeader } from '../../contract/envelope.ts';
import { fromBase64Url, fromUtf8 } from '../../core/bytes.ts';
import type { Outcome, Progress, Records, StoredRecord } from '../ports/records.ts';
import type { Db } from './db.ts';
import { feedBinding, feedRecord } from './device-feed.ts';
import type { BulkRows } from './engine.ts';
import { fairly } from './fairly.ts';
import { fromJson } from './json.ts';
import type { Tables } from './tables.ts';

/** Stands for the device's name in a record that names no device. */
export const NOBODY = '';

type ProgressRow = Pick<Tables['records'], 'id' | 'outcome' | 'binding' | 'approved_by'>;

/** `jws` is the record's envelope, which was verified before it was written. */
export function toRecord(row: Tables['records'], jws: string): StoredRecord {
  const [header = '', payload = ''] = jws.split('.');
  return {
    id: row.id,
    digest: row.digest,
    header: read<RecordHeader>(header),
    author: row.author,
    payload: read<unknown>(payload),
    udid: row.udid === NOBODY ? null : row.udid,
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
    udid: record.udid ?? NOBODY,
    captured_at: record.capturedAt,
    received_at: record.receivedAt,
    outcome: record.outcome,
    code: record.code,
    decided_at: record.decidedAt,
    binding: record.binding,
    approved_by: record.approvedBy,
  };
}

/** The records with these ids, decided or not, in no order. */
export async function readRecords(db: Db, bulk: BulkRows, ids: readonly string[]): Promise<StoredRecord[]> {
  if (ids.length === 0) return [];
  const rows = await bulk.select(db, { table: 'records', key: 'id' }, ids);
  const digests = rows.map(({ digest }) => digest);
  const envelopes = await bulk.select(
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

/** Records joined with their envelopes, which contain the payload. */
export function recordRows(db: Db) {
  return db
    .selectFrom('records')
    .innerJoin('envelopes', 'envelopes.digest', 'records.digest')
    .selectAll('records')
    .select('envelopes.jws');
}

export function records(db: Db): Records {
  const select = recordRows(db);
  return {
    async add(record) {
      await db.insertInto('records').values(fromRecord(record)).execute();
    },
    async record(id) {
      const row = await select.where('records.id', '=', id).executeTakeFirst();
      return row && toRecord(row, row.jws);
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
      await feedRecord(db, id);
    },
    async reopen(id) {
      await db
        .updateTable('records')
        .set({ outcome: null, code: null, decided_at: null, binding: null, approved_by: null })
        .where('id', '=', id)
        .execute();
      await feedRecord(db, id);
    },
    async settle(id, { outcome, code, decidedAt, binding }) {
      await db
        .updateTable('records')
        .set({ outcome, code, decided_at: decidedAt, binding })
        .where('id', '=', id)
        .execute();
      await feedRecord(db, id);
      if (binding !== null) await feedBinding(db, binding);
    },
    async held(org, limit) {
      const ranked = db
        .selectFrom('records')
        .select('id')
        .select(fairly('author', 'received_at, id'))
        .where('org', '=', org)
        .where('outcome', '=', sql.lit('held'));
      const chosen = db
        .selectFrom(ranked.as('ranked'))
        .select('id')
        .orderBy('turn')
        .orderBy('id')
        .limit(limit);
      const rows = await select
        .where('records.id', 'in', chosen)
        .orderBy('records.received_at')
        .orderBy('records.id')
        .execute();
      return rows.map((row) => toRecord(row, row.jws));
    },
  };
}
