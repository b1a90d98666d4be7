import { sql } from 'kysely';
import type { ListRow } from '../../../contract/list-row.ts';
import { toBinding } from '../bindings.ts';
import type { Db } from '../db.ts';
import { fromJson } from '../json.ts';
import { toRecord } from '../records.ts';
import { askTogether } from './ask-together.ts';
import { groupBy } from './group-by.ts';

/** The reads that every registration makes, many at a time. One statement each, whatever the number of records. */
export function lookUps(db: Db) {
  const rowsBy = (column: 'udid' | 'public_key', scope: string) =>
    askTogether(async (keys) => {
      const rows = await db
        .selectFrom('list_rows')
        .select(['udid', 'public_key', 'row'])
        .where('scope', '=', scope)
        .where(column, 'in', keys)
        .execute();
      const groups = groupBy(rows, (row) => row[column] ?? '');
      return new Map([...groups].map(([key, some]) => [key, some.map(({ row }) => fromJson<ListRow>(row))]));
    });
  const byScope = new Map<string, { udid: ReturnType<typeof rowsBy>; key: ReturnType<typeof rowsBy> }>();
  const listIn = (scope: string) => {
    const there = byScope.get(scope);
    if (there !== undefined) return there;
    const made = { udid: rowsBy('udid', scope), key: rowsBy('public_key', scope) };
    byScope.set(scope, made);
    return made;
  };
  const liveBy = (column: 'udid' | 'key_digest') =>
    askTogether(async (keys) => {
      const rows = await db
        .selectFrom('bindings')
        .selectAll()
        .where(column, 'in', keys)
        .where('ended_at', 'is', null)
        .execute();
      const groups = groupBy(rows, (row) => row[column]);
      return new Map([...groups].map(([key, some]) => [key, some.map(toBinding)]));
    });
  return {
    listIn,
    liveByName: liveBy('udid'),
    liveByKey: liveBy('key_digest'),
    record: askTogether(async (ids) => {
      const rows = await db.selectFrom('records').selectAll().where('id', 'in', ids).execute();
      return new Map(rows.map((row) => [row.id, toRecord(row)]));
    }),
    binding: askTogether(async (ids) => {
      const rows = await db.selectFrom('bindings').selectAll().where('id', 'in', ids).execute();
      return new Map(rows.map((row) => [row.id, toBinding(row)]));
    }),
    buried: askTogether(async (digests) => {
      const rows = await db
        .selectFrom('tombstones')
        .select('digest')
        .where('digest', 'in', digests)
        .where('lifted_at', 'is', null)
        .execute();
      return new Map(rows.map(({ digest }) => [digest, true]));
    }),
    statedAt: askTogether(async (digests) => {
      const rows = await db
        .selectFrom('statements')
        .select(['digest', 'at'])
        .where('digest', 'in', digests)
        .execute();
      return new Map(rows.map(({ digest, at }) => [digest, at]));
    }),
    /** Number of the last change of an organisation, 0 if there is none. */
    async lastChange(org: string): Promise<number> {
      const last = await sql<{
        n: number | null;
      }>`select max(n) as n from changes where org = ${org}`.execute(db);
      return last.rows[0]?.n ?? 0;
    },
  };
}
