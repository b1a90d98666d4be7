import type { ExpressionBuilder } from 'kysely';
import type { ListRow } from '../../contract/list-row.ts';
import { type MakerList, speaking } from '../ports/maker-list.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import { toStoredRow } from './list-bulk.ts';
import type { Tables } from './tables.ts';
import { changed } from './versions.ts';

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
        .orderBy('imported_at', 'desc')
        .orderBy('udid')
        .limit(limit)
        .execute();
      return found.map(toStoredRow);
    },
    async foreign(scope, org, limit) {
      const found = await rows
        .select(['udid', 'public_key'])
        .where('scope', '=', scope)
        .where('org', '!=', org)
        .orderBy('maker')
        .orderBy('udid')
        .limit(limit)
        .execute();
      return found.map((row) => ({ udid: row.udid, publicKey: row.public_key }));
    },
    async move(scope, { maker, udid }, from, to) {
      const named = (org: string) => (where: ExpressionBuilder<Tables, 'list_rows'>) =>
        where.and({ scope, maker, udid, org });
      const there = await rows.select('udid').where(named(from)).executeTakeFirst();
      if (there === undefined) return;
      await db.deleteFrom('list_rows').where(named(to)).execute();
      await db.updateTable('list_rows').set({ org: to }).where(named(from)).execute();
      await changed(db, `list:${scope}`);
    },
    async trim(org, keep) {
      const newest = rows
        .select(['maker', 'udid', 'scope'])
        .where('org', '=', org)
        .orderBy('imported_at', 'desc')
        .orderBy('udid')
        .limit(1_000_000)
        .offset(keep);
      const surplus = await newest.execute();
      for (const { scope, maker, udid } of surplus) {
        await db
          .deleteFrom('list_rows')
          .where('scope', '=', scope)
          .where('maker', '=', maker)
          .where('udid', '=', udid)
          .where('org', '=', org)
          .execute();
      }
      for (const scope of new Set(surplus.map((row) => row.scope))) await changed(db, `list:${scope}`);
    },
  };
}
