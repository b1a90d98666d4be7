import type { ListRow } from '../../contract/list-row.ts';
import { toBase64Url } from '../../core/bytes.ts';
import type { ListChange, ListFeed } from '../ports/list-feed.ts';
import { REAL_SCOPE } from '../ports/orgs.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import { listBulk, toStoredRow } from './list-bulk.ts';
import { currentKey, keysSince, listSalt, toldOf } from './list-digests.ts';

export function listFeed(db: Db): ListFeed {
  const rows = db.selectFrom('list_rows');
  return {
    salt: () => listSalt(db),
    async newest(scope) {
      const counter = db.selectFrom('versions').select('n').where('topic', '=', `list:${scope}`);
      return (await counter.executeTakeFirst())?.n ?? 0;
    },
    async forgottenBefore(scope) {
      const floor = db.selectFrom('versions').select('n').where('topic', '=', `gone:${scope}`);
      return (await floor.executeTakeFirst())?.n ?? 0;
    },
    async isWhole() {
      // Without the scope, which would have the planner read the whole list in place of its partial index.
      const some = rows.select('udid').where('digest', 'is', null).limit(1);
      return (await some.execute()).length === 0;
    },
    async newestFrom(org, count) {
      const some = rows.select('n').where('org', '=', org).orderBy('n', 'desc').offset(count).limit(1);
      return (await some.executeTakeFirst())?.n ?? 0;
    },
    async after(scope, org, after, { changes, plainFrom, since = 0 }) {
      const there = await rows
        .select(['n', 'digest', 'org'])
        .where('scope', '=', scope)
        .where('n', '>', after)
        .where('digest', 'is not', null)
        .orderBy('n')
        .limit(changes)
        .execute();
      const gone = await db
        .selectFrom('list_gone')
        .select(['n', 'digest', 'org'])
        .where('scope', '=', scope)
        .where('n', '>', Math.max(after, since))
        .where((where) => where.or([where('org', 'is', null), where('org', '=', org)]))
        .orderBy('n')
        .limit(changes)
        .execute();
      const own = there.filter((row) => row.org === org && row.n > plainFrom);
      const plainRows = await plainOf(db, scope, org, own);
      const all: ListChange[] = [
        ...there.map(({ n, digest }): ListChange => {
          const row = plainRows.get(n);
          return { n, is: 'there', digest: bytes(digest), ...(row === undefined ? {} : { row }) };
        }),
        ...gone.map(({ n, digest, org: of }): ListChange => {
          return { n, is: of === null ? 'gone' : 'moved', digest: bytes(digest) };
        }),
      ];
      return all.sort((one, other) => one.n - other.n).slice(0, changes);
    },
    async digests(scope, after, limit) {
      const found = await rows
        .select(['n', 'digest'])
        .where('scope', '=', scope)
        .where('n', '>', after)
        .where('digest', 'is not', null)
        .orderBy('n')
        .limit(limit)
        .execute();
      return found.map(({ n, digest }) => ({ n, digest: bytes(digest) }));
    },
    async digestSome(limit) {
      const some = await rows.selectAll().where('digest', 'is', null).limit(limit).execute();
      await listBulk(db).put(some.map(toStoredRow));
      return some.length;
    },
  };
}

function bytes(digest: Uint8Array | null): Uint8Array {
  return new Uint8Array(digest ?? []);
}

/** Rows in a statement: few enough to be prepared quickly. */
const AT_ONCE = 500;

/** The organisation's own rows as its phones read them, by their numbers: with the key that each device has now. */
async function plainOf(
  db: Db,
  scope: string,
  org: string,
  own: readonly { readonly n: number }[],
): Promise<ReadonlyMap<number, ListRow>> {
  const plain = new Map<number, ListRow>();
  for (let at = 0; at < own.length; at += AT_ONCE) {
    const some = own.slice(at, at + AT_ONCE);
    const found = await db
      .selectFrom('list_rows')
      .select(['n', 'row'])
      .where('org', '=', org)
      .where('scope', '=', scope)
      .where(
        'n',
        'in',
        some.map(({ n }) => n),
      )
      .execute();
    const read = found.map(({ n, row }) => ({ n, row: fromJson<ListRow>(row) }));
    const names = read.map(({ row }) => row);
    const since = scope === REAL_SCOPE ? await keysSince(db, names) : new Map();
    for (const { n, row } of read) {
      const told = toldOf(row);
      const key = currentKey(told, since);
      plain.set(n, key.length === 0 ? told : { ...told, publicKey: toBase64Url(key) });
    }
  }
  return plain;
}
