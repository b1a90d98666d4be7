import type { ListRow } from '../../contract/list-row.ts';
import type { MakerList } from '../ports/maker-list.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import { toStoredRow } from './list-bulk.ts';
import { changed } from './versions.ts';

export function makerList(db: Db): MakerList {
  const rows = db.selectFrom('list_rows');
  return {
    async row(scope, maker, udid) {
      const found = await rows
        .select('row')
        .where('scope', '=', scope)
        .where('maker', '=', maker)
        .where('udid', '=', udid)
        .executeTakeFirst();
      return found && fromJson<ListRow>(found.row);
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
          .execute();
      }
      if (surplus.length > 0) await changed(db, 'list');
    },
  };
}
