import { sql } from 'kysely';
import type { KeyLineages, LineageKey, LineageState } from '../ports/key-lineage.ts';
import type { Db } from './db.ts';
import { feedBinding } from './device-feed.ts';
import { digestAnew } from './list-digests.ts';
import type { Tables } from './tables.ts';
import { changed } from './versions.ts';

/** A literal in the statement's text, as the partial index needs it (db.ts). */
export const PENDING = sql.lit('pending');

export function toLineageKey(row: Tables['lineage']): LineageKey {
  const { spki, maker, udid, binding, request, serial, at } = row;
  return {
    keyDigest: row.key_digest,
    spki: new Uint8Array(spki),
    maker,
    udid,
    binding,
    request: request === null ? null : new Uint8Array(request),
    serial,
    state: row.state as LineageState,
    firstUse: row.first_use === 1,
    at,
  };
}

export function keyLineages(db: Db): KeyLineages {
  const select = db.selectFrom('lineage').selectAll();
  return {
    async byKey(keyDigest) {
      const row = await select.where('key_digest', '=', keyDigest).executeTakeFirst();
      return row && toLineageKey(row);
    },
    async ofDevice(maker, udid) {
      const rows = await select
        .where('maker', '=', maker)
        .where('udid', '=', udid)
        .orderBy('key_digest')
        .execute();
      return rows.map(toLineageKey);
    },
    async pendingOf(binding) {
      const row = await select.where('binding', '=', binding).where('state', '=', PENDING).executeTakeFirst();
      return row && toLineageKey(row);
    },
    async put({ keyDigest, firstUse, ...rest }) {
      const values = { ...rest, first_use: firstUse ? 1 : 0 };
      await db
        .insertInto('lineage')
        .values({ key_digest: keyDigest, ...values })
        .onConflict((c) => c.column('key_digest').doUpdateSet(values))
        .execute();
      await feedBinding(db, rest.binding);
      // Work packs contain the key that a device is known by, so they have to be made anew.
      if (rest.state !== 'current' && rest.state !== 'former') return;
      await changed(db, 'lineage');
      await digestAnew(db, rest);
    },
    async successors(limit) {
      const rows = await db
        .selectFrom('lineage as now')
        .innerJoin('lineage as before', (join) =>
          join.onRef('before.maker', '=', 'now.maker').onRef('before.udid', '=', 'now.udid'),
        )
        .select(['before.key_digest as former', 'now.spki as spki'])
        .where('now.state', '=', 'current')
        .where('now.first_use', '=', 0)
        .where('before.state', '=', 'former')
        .orderBy('before.key_digest')
        .limit(limit)
        .execute();
      return rows.map(({ former, spki }) => ({ former, spki: new Uint8Array(spki) }));
    },
  };
}
