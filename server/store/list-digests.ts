import { createHash, randomBytes } from 'node:crypto';
import type { ListRow } from '../../contract/list-row.ts';
import { fromBase64Url } from '../../core/bytes.ts';
import { REAL_SCOPE } from '../ports/orgs.ts';
import type { Db } from './db.ts';
import { settings } from './settings.ts';
import { changed } from './versions.ts';

/** The digest of a row as core/list-lookup.ts computes it on a phone, at once: an import makes thousands. */
export function digestOf(salt: string, udid: string, spki: Uint8Array): Buffer {
  return createHash('sha256').update(`${salt}:${udid}:`).update(spki).digest().subarray(0, 12);
}

export function listSalt(db: Db): Promise<string> {
  return settings(db).settle('list salt', randomBytes(32).toString('base64url'));
}

type Named = Pick<ListRow, 'maker' | 'udid'>;
const nameOf = ({ maker, udid }: Named) => `${maker}/${udid}`;

/** Keys that devices changed to: for each name the digests of the keys it had, and the one it has. */
export async function keysSince(
  db: Db,
  names: readonly Named[],
): Promise<ReadonlyMap<string, { readonly former: ReadonlySet<string>; readonly spki: Uint8Array }>> {
  const found = await db
    .selectFrom('lineage')
    .select(['maker', 'udid', 'key_digest', 'spki', 'state', 'first_use'])
    .where('udid', 'in', [...new Set(names.map(({ udid }) => udid))])
    .where('state', 'in', ['current', 'former'])
    .execute();
  const keys = new Map<string, { former: Set<string>; spki: Uint8Array }>();
  for (const row of found)
    if (row.state === 'current' && row.first_use === 0)
      keys.set(nameOf(row), { former: new Set(), spki: new Uint8Array(row.spki) });
  for (const row of found) if (row.state === 'former') keys.get(nameOf(row))?.former.add(row.key_digest);
  return keys;
}

/**
 * The key that the row's device has now. A row without a key of its own has none: what stands beside a voucher anchors
 * nothing.
 */
export function currentKey(row: ListRow, since: Awaited<ReturnType<typeof keysSince>>): Uint8Array {
  const spki = row.anchor === 'key' ? fromBase64Url(row.publicKey ?? '') : undefined;
  if (spki === undefined) return new Uint8Array(0);
  const now = since.get(nameOf(row));
  if (now === undefined) return spki;
  return now.former.has(createHash('sha256').update(spki).digest('base64url')) ? now.spki : spki;
}

/** What phones are told of a row: vouchers, origin and age are used by the server only. */
export function toldOf({ voucher: _, derivedFrom: _former, stale: _stale, ...told }: ListRow): ListRow {
  return told;
}

/** Takes so many numbers of a scope's changes, and returns the last of them. */
export function takeNumbers(db: Db, scope: string, count: number): Promise<number> {
  return changed(db, `list:${scope}`, count);
}

/** Tells phones that rows lost these digests, unless another row has them still. `org` null: for everybody. */
export async function tellGone(
  db: Db,
  scope: string,
  lost: readonly { readonly udid: string; readonly digest: Uint8Array | null; readonly org: string | null }[],
): Promise<void> {
  for (const { udid, digest, org } of lost) {
    if (digest === null) continue;
    const others = db
      .selectFrom('list_rows')
      .select('digest')
      .where('scope', '=', scope)
      .where('udid', '=', udid);
    const stays = (await others.execute()).some(
      (one) => one.digest !== null && Buffer.compare(one.digest, digest) === 0,
    );
    if (stays && org === null) continue;
    const n = await takeNumbers(db, scope, 1);
    await db.insertInto('list_gone').values({ scope, n, digest, org }).execute();
    if (n % FORGET_EVERY === 0) await forgetGone(db, scope);
  }
}

/** What has gone is remembered for so many changes; practice alone makes some tens of thousands a day. */
const REMEMBERED = 100_000;
const FORGET_EVERY = 256;

async function forgetGone(db: Db, scope: string): Promise<void> {
  const ofScope = db.selectFrom('list_gone').select('n').where('scope', '=', scope);
  const last = await ofScope.orderBy('n', 'desc').offset(REMEMBERED).limit(1).executeTakeFirst();
  if (last === undefined) return;
  await db.deleteFrom('list_gone').where('scope', '=', scope).where('n', '<=', last.n).execute();
  await db
    .insertInto('versions')
    .values({ topic: `gone:${scope}`, n: last.n })
    .onConflict((c) => c.column('topic').doUpdateSet({ n: last.n }))
    .execute();
}

/** Computes the digests of a device's rows anew, after it took another key. */
export async function digestAnew(db: Db, { maker, udid }: Named): Promise<void> {
  const found = await db
    .selectFrom('list_rows')
    .selectAll()
    .where('scope', '=', REAL_SCOPE)
    .where('maker', '=', maker)
    .where('udid', '=', udid)
    .execute();
  if (found.length === 0) return;
  const [salt, since] = [await listSalt(db), await keysSince(db, [{ maker, udid }])];
  for (const row of found) {
    const digest = digestOf(salt, udid, currentKey(JSON.parse(row.row) as ListRow, since));
    if (row.digest !== null && Buffer.compare(row.digest, digest) === 0) continue;
    const n = await takeNumbers(db, REAL_SCOPE, 1);
    await db
      .updateTable('list_rows')
      .set({ digest, n })
      .where('scope', '=', REAL_SCOPE)
      .where('maker', '=', maker)
      .where('udid', '=', udid)
      .where('org', '=', row.org)
      .execute();
    await tellGone(db, REAL_SCOPE, [{ udid, digest: row.digest, org: null }]);
  }
}
