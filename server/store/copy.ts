import { sql } from 'kysely';
import type { DatabaseIdentity } from '../ports/identity.ts';
import { TIME_SEEN } from '../ports/server-clock.ts';
import { PUT_BACK } from '../trail/begin-era.ts';
import { type AuditEvent, audit } from '../trail/chain.ts';
import type { Db } from './db.ts';
import type { Engine } from './engine.ts';
import { databaseIdentity } from './identity.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open.ts';
import { postgres } from './postgres.ts';
import { sqlite } from './sqlite.ts';
import type { Tables } from './tables.ts';

/** Every table with its primary key. A new table does not compile until it is added here, so none can be forgotten. */
const KEYS: { readonly [T in keyof Tables]: readonly (keyof Tables[T] & string)[] } = {
  settings: ['name'],
  orgs: ['name'],
  people: ['operator'],
  memberships: ['operator', 'org'],
  sessions: ['hash'],
  administrator_times: ['operator', 'org'],
  passkeys: ['id'],
  invitations: ['id'],
  ceremonies: ['hash'],
  notices: ['id'],
  notice_wishes: ['operator', 'kind'],
  address_proofs: ['operator'],
  address_codes: ['hash'],
  pushed_browsers: ['id'],
  nonces: ['hash'],
  operator_keys: ['kid'],
  credentials: ['digest'],
  heads: ['kid'],
  phone_losses: ['kid'],
  photos: ['org', 'digest'],
  photo_parts: ['org', 'digest', 'begins'],
  statement_keys: ['kid'],
  statement_key_ends: ['kid'],
  statements: ['digest'],
  domains: ['name'],
  versions: ['topic'],
  sites: ['domain', 'id'],
  list_rows: ['scope', 'maker', 'udid', 'org'],
  list_gone: ['scope', 'n'],
  list_jobs: ['id'],
  maker_keys: ['org', 'digest'],
  tpm_challenges: ['id'],
  tpm_keys: ['ek', 'key_digest'],
  tombstones: ['digest'],
  envelopes: ['digest'],
  records: ['id'],
  changes: ['org', 'n'],
  bindings: ['id'],
  intents: ['serial'],
  certificates: ['serial'],
  lineage: ['key_digest'],
  crls: ['issuer'],
  responders: ['issuer'],
  authorities: ['name'],
  transfer_cases: ['id'],
  row_claims: ['record'],
  give_ups: ['binding', 'transfer'],
  transfer_verdicts: ['id'],
  suspensions: ['binding'],
  successions: ['binding'],
  policies: ['org', 'domain'],
  revocation_counts: ['issuer'],
  clients: ['name'],
  event_receivers: ['name'],
  events: ['org', 'n'],
  event_refusals: ['receiver', 'n'],
  due_notices: ['serial'],
  audit: ['writer', 'n'],
  audit_heads: ['writer'],
  audit_seals: ['n'],
  leases: ['name'],
  eras: ['n'],
  revived: ['name'],
  found_certificates: ['issuer', 'serial'],
  places: ['registration', 'n'],
  device_feed: ['kind', 'id'],
  handed: ['serial'],
  server_certificates: ['host'],
  acme_challenges: ['token'],
};

const PAGE = 500;

export interface CopyResult {
  readonly tables: number;
  readonly rows: number;
  /** Whose database it is; undefined if nothing was ever begun in it. */
  readonly identity: DatabaseIdentity | undefined;
}

/** `where`: the address of a PostgreSQL, or a folder with an embedded database. */
function engineOf(where: string): Engine {
  return isPostgres(where) ? postgres(where) : sqlite(where);
}

function isPostgres(where: string): boolean {
  return /^postgres(ql)?:/.test(where);
}

/** Whose database is at `where`, which is left as it is. */
export async function identityAt(where: string): Promise<DatabaseIdentity | undefined> {
  const { db } = engineOf(where);
  try {
    return await databaseIdentity(db);
  } finally {
    await db.destroy();
  }
}

/**
 * Copies a whole database, of either engine, into an empty one of either engine. All rows are read in one transaction
 * and written in one, so the copy is a consistent snapshot. Returns undefined if the target is not empty. `put back`: the
 * target is an installation's own database, which begins a new era with it.
 */
export async function copyDatabase(
  from: string,
  to: string,
  use: 'copy' | 'put back' = 'copy',
): Promise<CopyResult | undefined> {
  const [source, target] = [engineOf(from), engineOf(to)];
  try {
    await migrate(source);
    await migrate(target);
    return await source.db.transaction().execute((read) =>
      target.db.transaction().execute(async (write) => {
        if (!(await isEmpty(write))) return undefined;
        let rows = 0;
        for (const table of Object.keys(KEYS) as (keyof Tables)[])
          rows += await copyTable(read, write, table);
        if (use === 'put back') await markPutBack(write);
        return { tables: Object.keys(KEYS).length, rows, identity: await databaseIdentity(write) };
      }),
    );
  } finally {
    await source.db.destroy();
    await target.db.destroy();
  }
}

/**
 * Says in the database itself that it is an older copy: whoever opens it next begins a new era (trail/begin-era.ts). Written
 * with the rows, so that no kill can lose it. The newest entry of the trail is the newest instant that the copy knows.
 */
export async function markPutBack(db: Db): Promise<void> {
  const newest = await db
    .selectFrom('audit')
    .select((max) => max.fn.max('at').as('at'))
    .executeTakeFirst();
  await db
    .insertInto('settings')
    .values({ name: PUT_BACK, value: newest?.at ?? '1970-01-01T00:00:00.000Z' })
    .onConflict((c) => c.doNothing())
    .execute();
  // The clock is not held to what an older copy remembers of it.
  await db.deleteFrom('settings').where('name', '=', TIME_SEEN).execute();
}

/** The same for a database that other tools put back, such as PostgreSQL's own or a snapshot of a disk. */
export async function markInPlace(where: string): Promise<void> {
  const engine = engineOf(where);
  try {
    await migrate(engine);
    await engine.db.transaction().execute(markPutBack);
  } finally {
    await engine.db.destroy();
  }
}

/** Whether the database there has no row, or is not there yet. */
export async function isEmptyDatabase(where: string): Promise<boolean> {
  const engine = engineOf(where);
  try {
    await migrate(engine);
    return await isEmpty(engine.db);
  } finally {
    await engine.db.destroy();
  }
}

/** Puts an entry on the audit trail of the database there, which need not be of an installation that can be opened. */
export async function noteIn(where: string, event: AuditEvent): Promise<void> {
  const { transact, close } = await (isPostgres(where) ? openDatabase('', where) : openDatabase(where));
  try {
    await transact((tx) => audit(tx.audit, event));
  } finally {
    await close();
  }
}

async function isEmpty(db: Db): Promise<boolean> {
  for (const table of Object.keys(KEYS) as (keyof Tables)[]) {
    const found = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
    if (found.rows.length > 0) return false;
  }
  return true;
}

async function copyTable(from: Db, to: Db, table: keyof Tables): Promise<number> {
  const key: readonly string[] = KEYS[table];
  const columns = sql.join(key.map((column) => sql.ref(column)));
  let copied = 0;
  let last: Record<string, unknown> | undefined;
  for (;;) {
    const after = last;
    const since =
      after === undefined
        ? sql``
        : sql`where (${columns}) > (${sql.join(key.map((column) => sql`${after[column]}`))})`;
    const page = await sql<Record<string, unknown>>`
      select * from ${sql.table(table)} ${since} order by ${columns} limit ${PAGE}`.execute(from);
    if (page.rows.length === 0) return copied;
    await to
      .insertInto(table)
      .values(page.rows as never)
      .execute();
    copied += page.rows.length;
    last = page.rows.at(-1);
  }
}
