import { PostgresAdapter, type RawBuilder, sql } from 'kysely';
import type { ListRow } from '../../contract/list-row.ts';
import type { ListBulk, RowName } from '../ports/list-bulk.ts';
import type { StoredRow } from '../ports/maker-list.ts';
import { REAL_SCOPE } from '../ports/orgs.ts';
import type { Db } from './db.ts';
import { groupBy } from './grouped/group-by.ts';
import { fromJson } from './json.ts';
import { currentKey, digestOf, keysSince, listSalt, takeNumbers, tellGone, toldOf } from './list-digests.ts';
import type { Tables } from './tables.ts';

export function toStoredRow(row: Tables['list_rows']): StoredRow {
  return {
    scope: row.scope,
    org: row.org,
    row: fromJson<ListRow>(row.row),
    importedBy: row.imported_by,
    importedAt: row.imported_at,
    signedBy: row.signed_by,
    handedTo: row.handed_to,
  };
}

function fromStoredRow(
  { scope, org, row, ...rest }: StoredRow,
  digested: Pick<Tables['list_rows'], 'digest' | 'n'>,
): Tables['list_rows'] {
  return {
    ...digested,
    scope,
    org,
    maker: row.maker,
    udid: row.udid,
    public_key: row.publicKey ?? null,
    tpm: row.voucher?.tpm ?? null,
    row: JSON.stringify(row),
    imported_by: rest.importedBy,
    imported_at: rest.importedAt,
    signed_by: rest.signedBy,
    handed_to: rest.handedTo,
  };
}

const excluded = (column: string) => sql<never>`excluded.${sql.ref(column)}`;

/**
 * Look-ups in one statement: fewer than SQLite's limit of 500 terms in a compound SELECT, and few enough to be
 * prepared quickly.
 */
const LOOK_UPS = 50;

/**
 * Many look-ups in one statement, each on its complete index, so that the planner has no choice even if it knows how
 * large the list is.
 */
async function lookUpMany<T>(
  db: Db,
  all: readonly T[],
  where: (one: T) => RawBuilder<unknown>,
): Promise<StoredRow[]> {
  return (await rowsOf(db, all, where)).map(toStoredRow);
}

async function rowsOf<T>(
  db: Db,
  all: readonly T[],
  where: (one: T) => RawBuilder<unknown>,
): Promise<Tables['list_rows'][]> {
  const found: Tables['list_rows'][] = [];
  for (let at = 0; at < all.length; at += LOOK_UPS) {
    const selects = all
      .slice(at, at + LOOK_UPS)
      .map((one) => sql`select * from list_rows where ${where(one)}`);
    const page = await sql<Tables['list_rows']>`${sql.join(selects, sql` union all `)}`.execute(db);
    found.push(...page.rows);
  }
  return found;
}

/** Whether phones are told of the row what they were told before: who marks a row changes nothing for them. */
function isToldAlike(row: ListRow, digest: Uint8Array, was: Tables['list_rows']): boolean {
  if (was.digest === null || Buffer.compare(was.digest, digest) !== 0) return false;
  return JSON.stringify(toldOf(row)) === JSON.stringify(toldOf(fromJson<ListRow>(was.row)));
}

export function listBulk(db: Db): ListBulk {
  const rows = db.selectFrom('list_rows').selectAll();
  const pageOf = (org: string, after: RowName | undefined, limit: number) => {
    const page = rows.where('org', '=', org).orderBy('maker').orderBy('udid').limit(limit);
    return after === undefined
      ? page
      : page.where(sql<boolean>`(maker, udid) > (${after.maker}, ${after.udid})`);
  };
  /** Rows with their digests, in one statement after what it replaces was read. */
  const putIn = async (scope: string, stored: readonly StoredRow[]) => {
    const names = stored.map(({ row: { maker, udid }, org }) => ({ maker, udid, org }));
    const before = new Map<string, Tables['list_rows']>();
    const isTheirs = ({ maker, udid, org }: (typeof names)[number]) =>
      sql`scope = ${scope} and maker = ${maker} and udid = ${udid} and org = ${org}`;
    for (const row of await rowsOf(db, names, isTheirs))
      before.set(`${row.org} ${row.maker}/${row.udid}`, row);
    const salt = await listSalt(db);
    const since = scope === REAL_SCOPE ? await keysSince(db, names) : new Map();
    const digested = stored.map((one) => {
      const { maker, udid } = one.row;
      const digest = digestOf(salt, udid, currentKey(one.row, since));
      const was = before.get(`${one.org} ${maker}/${udid}`);
      return { one, digest, was, same: was !== undefined && isToldAlike(one.row, digest, was) };
    });
    const changes = digested.filter(({ same }) => !same).length;
    let n = changes === 0 ? 0 : (await takeNumbers(db, scope, changes)) - changes;
    const values = digested.map(({ one, digest, was, same }) =>
      fromStoredRow(one, { digest, n: same && was !== undefined ? was.n : ++n }),
    );
    await db
      .insertInto('list_rows')
      .values(values)
      .onConflict((c) =>
        c.columns(['scope', 'maker', 'udid', 'org']).doUpdateSet({
          public_key: excluded('public_key'),
          tpm: excluded('tpm'),
          row: excluded('row'),
          imported_by: excluded('imported_by'),
          imported_at: excluded('imported_at'),
          signed_by: excluded('signed_by'),
          handed_to: excluded('handed_to'),
          digest: excluded('digest'),
          n: excluded('n'),
        }),
      )
      .execute();
    const lost = digested.flatMap(({ one, digest, was }) =>
      was === undefined || was.digest === null || Buffer.compare(was.digest, digest) === 0
        ? []
        : [{ udid: one.row.udid, digest: was.digest, org: null }],
    );
    await tellGone(db, scope, lost);
  };
  return {
    async named(scope, names) {
      const each = new Map(names.map((name) => [`${name.maker}/${name.udid}`, name])).values();
      return lookUpMany(
        db,
        [...each],
        ({ maker, udid }) => sql`scope = ${scope} and maker = ${maker} and udid = ${udid}`,
      );
    },
    async keyed(scope, publicKeys, tpms) {
      const by = (column: 'public_key' | 'tpm', values: readonly string[]) =>
        lookUpMany(
          db,
          [...new Set(values)],
          (value) => sql`scope = ${scope} and ${sql.ref(column)} = ${value}`,
        );
      return [...(await by('public_key', publicKeys)), ...(await by('tpm', tpms))];
    },
    async put(all) {
      for (const [scope, stored] of groupBy(all, (one) => one.scope)) await putIn(scope, stored);
    },
    async grown() {
      // Without planner statistics all indexes cost the same to PostgreSQL, and the cached plan reads the whole list
      // for each look-up: measured, an import into an empty list took time that grew with the square of its rows
      // until autovacuum ran.
      if (db.getExecutor().adapter instanceof PostgresAdapter) await sql`analyze list_rows`.execute(db);
    },
    async page(org, after, limit) {
      return (await pageOf(org, after, limit).execute()).map(toStoredRow);
    },
    async unused(org, before, after, limit) {
      const found = await pageOf(org, after, limit)
        .where('imported_at', '<', before)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('bindings')
                .select('id')
                .whereRef('bindings.maker', '=', 'list_rows.maker')
                .whereRef('bindings.udid', '=', 'list_rows.udid'),
            ),
          ),
        )
        .execute();
      return found.map(toStoredRow);
    },
  };
}
