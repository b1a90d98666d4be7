import { toBinding } from '../bindings.ts';
import type { Db } from '../db.ts';
import type { BulkRows } from '../engine.ts';
import { toLineageKey } from '../key-lineage.ts';
import { toStoredRow } from '../list-bulk.ts';
import { toPlace } from '../places.ts';
import { readRecords } from '../records.ts';
import { askTogether } from './ask-together.ts';
import { groupBy } from './group-by.ts';

/** The reads that every registration makes, batched: one statement each, whatever the number of records. */
export function lookUps(db: Db, bulk: BulkRows) {
  const rowsBy = (column: 'udid' | 'public_key', scope: string) =>
    askTogether(async (keys) => {
      const within = { column: 'scope', value: scope } as const;
      // One statement for any number of keys: a list of placeholders would be compiled anew for every number.
      const rows = await bulk.select(db, { table: 'list_rows', key: column, within }, keys);
      const groups = groupBy(rows, (row) => row[column] ?? '');
      return new Map([...groups].map(([key, some]) => [key, some.map(toStoredRow)]));
    });
  const byScope = new Map<string, { udid: ReturnType<typeof rowsBy>; key: ReturnType<typeof rowsBy> }>();
  const listIn = (scope: string) => {
    const existing = byScope.get(scope);
    if (existing !== undefined) return existing;
    const created = { udid: rowsBy('udid', scope), key: rowsBy('public_key', scope) };
    byScope.set(scope, created);
    return created;
  };
  const liveBy = (column: 'udid' | 'key_digest') =>
    askTogether(async (keys) => {
      // For names the condition is checked here, not in SQL: without planner statistics PostgreSQL expects few live
      // rows, and scans the partial index of all live ones.
      const where = column === 'key_digest' ? 'ended_at is null' : undefined;
      const found = await bulk.select(db, { table: 'bindings', key: column, ...(where && { where }) }, keys);
      const rows = found.filter((row) => row.ended_at === null);
      const groups = groupBy(rows, (row) => row[column]);
      return new Map([...groups].map(([key, some]) => [key, some.map(toBinding)]));
    });
  return {
    listIn,
    liveByName: liveBy('udid'),
    liveByKey: liveBy('key_digest'),
    record: askTogether(async (ids) => {
      const found = await readRecords(db, bulk, ids);
      return new Map(found.map((record) => [record.id, record]));
    }),
    binding: askTogether(async (ids) => {
      const rows = await bulk.select(db, { table: 'bindings', key: 'id' }, ids);
      return new Map(rows.map((row) => [row.id, toBinding(row)]));
    }),
    lineage: askTogether(async (digests) => {
      const rows = await bulk.select(db, { table: 'lineage', key: 'key_digest' }, digests);
      return new Map(rows.map((row) => [row.key_digest, toLineageKey(row)]));
    }),
    places: askTogether(async (registrations) => {
      const tail = 'order by n desc';
      const rows = await bulk.select(db, { table: 'places', key: 'registration', tail }, registrations);
      return groupBy(rows.map(toPlace), ({ registration }) => registration);
    }),
    buried: askTogether(async (digests) => {
      const rows = await bulk.select(
        db,
        { table: 'tombstones', columns: ['digest'], key: 'digest', where: 'lifted_at is null' },
        digests,
      );
      return new Map(rows.map(({ digest }) => [digest, true]));
    }),
    statedAt: askTogether(async (digests) => {
      const rows = await bulk.select(
        db,
        { table: 'statements', columns: ['digest', 'at'], key: 'digest' },
        digests,
      );
      return new Map(rows.map(({ digest, at }) => [digest, at]));
    }),
  };
}
