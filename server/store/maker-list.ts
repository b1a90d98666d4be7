import type { ExpressionBuilder } from 'kysely';
import type { ListRow } from '../../contract/list-row.ts';
import { type MakerList, speaking } from '../ports/maker-list.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import { toStoredRow } from './list-bulk.ts';
import { takeNumbers, tellGone } from './list-digests.ts';
import type { Tables } from './tables.ts';

/** Most rows of one name or key that are looked at. Nobody has so many makers and organisations. */
const MOST = 100;

export function makerList(db: Db): MakerList {
  const rows = db.selectFrom('list_rows');
  return {
    async row(scope, maker, udid, org) {
      const found = await rows
        .selectAll()
        .where('scope', '=', scope)
        .where('maker', '=', maker)
        .where('udid', '=', udid)
        .execute();
      return speaking(found.map(toStoredRow), org)?.row;
    },
    async ofUdid(scope, udid) {
      const found = rows.selectAll().where('scope', '=', scope).where('udid', '=', udid);
      return (await found.limit(MOST).execute()).map(toStoredRow);
    },
    async ofKey(scope, publicKey) {
      const found = rows.selectAll().where('scope', '=', scope).where('public_key', '=', publicKey);
      return (await found.limit(MOST).execute()).map(toStoredRow).filter(({ row }) => row.anchor === 'key');
    },
    async byUdid(scope, udid) {
      const found = await rows
        .select('row')
        .where('scope', '=', scope)
        .where('udid', '=', udid)
        .limit(8)
        .execute();
      return found.map((row) => fromJson<ListRow>(row.row));
    },
    async byKey(scope, publicKey) {
      const found = await rows
        .select('row')
        .where('scope', '=', scope)
        .where('public_key', '=', publicKey)
        .limit(8)
        .execute();
      return found.map((row) => fromJson<ListRow>(row.row));
    },
    async ofOrg(org, limit) {
      const found = await rows
        .selectAll()
        .where('org', '=', org)
        .orderBy('n', 'desc')
        .orderBy('udid')
        .limit(limit)
        .execute();
      return found.map(toStoredRow);
    },
    async move(scope, { maker, udid }, from, to) {
      const named = (org: string) => (where: ExpressionBuilder<Tables, 'list_rows'>) =>
        where.and({ scope, maker, udid, org });
      const there = await rows.select('digest').where(named(from)).executeTakeFirst();
      if (there === undefined) return;
      const theirs = await rows.select('digest').where(named(to)).executeTakeFirst();
      await db.deleteFrom('list_rows').where(named(to)).execute();
      const n = await takeNumbers(db, scope, 1);
      await db.updateTable('list_rows').set({ org: to, n }).where(named(from)).execute();
      await tellGone(db, scope, [
        { udid, digest: there.digest, org: from },
        { udid, digest: theirs?.digest ?? null, org: null },
      ]);
    },
    async trim(org, keep) {
      const newest = rows
        .select(['maker', 'udid', 'scope', 'digest'])
        .where('org', '=', org)
        .orderBy('n', 'desc')
        .orderBy('udid')
        .limit(1_000_000)
        .offset(keep);
      const surplus = await newest.execute();
      for (const { scope, maker, udid, digest } of surplus) {
        await db
          .deleteFrom('list_rows')
          .where('scope', '=', scope)
          .where('maker', '=', maker)
          .where('udid', '=', udid)
          .where('org', '=', org)
          .execute();
        await tellGone(db, scope, [{ udid, digest, org: null }]);
      }
    },
  };
}
