import { type Kysely, sql } from 'kysely';
import type { Engine } from './engine.ts';
import { START } from './migrations/0001-start.ts';
import { APPROVERS_AND_VERSIONS } from './migrations/0002-approvers-and-versions.ts';
import { PHONE_LOSSES } from './migrations/0005-phone-losses.ts';
import { RECORDS_OF_DEVICES } from './migrations/0012-records-of-devices.ts';
import { RESPONDERS } from './migrations/0013-responders.ts';
import { DEVICE_LIFE } from './migrations/0020-device-life.ts';
import { TRANSFERS } from './migrations/0021-transfers.ts';
import { POLICIES } from './migrations/0022-policies.ts';
import { AUDIT_CHAINS } from './migrations/0023-audit-chains.ts';
import { GENERATIONS } from './migrations/0026-generations.ts';
import { LISTS } from './migrations/0029-lists.ts';
import { TPMS } from './migrations/0030-tpms.ts';
import { PHOTOS } from './migrations/0032-photos.ts';
import { EVENTS } from './migrations/0034-events.ts';
import { ONE_INDEX_LESS } from './migrations/0035-one-index-less.ts';
import { OFFERS_OF_CASES } from './migrations/0036-offers-of-cases.ts';
import { JOBS_AND_REFUSALS } from './migrations/0038-jobs-and-refusals.ts';
import { REVOCATION_COUNTS } from './migrations/0039-revocation-counts.ts';
import { KEY_LINEAGE } from './migrations/0040-key-lineage.ts';
import { LOSS_REPORTERS } from './migrations/0041-loss-reporters.ts';
import { ONCE_WRITTEN, ONCE_WRITTEN_HINTS } from './migrations/0042-once-written.ts';
import { NAMED_FOR_WHAT_THEY_HOLD } from './migrations/0043-named-for-what-they-hold.ts';
import { ORGANISATIONS_APART } from './migrations/0045-organisations-apart.ts';
import { LIST_DIGESTS } from './migrations/0046-list-digests.ts';
import { STATEMENT_KEY_ENDS } from './migrations/0047-statement-key-ends.ts';
import { SALTED_ENTRIES } from './migrations/0048-salted-entries.ts';
import { CHAINS_ABOVE } from './migrations/0049-chains-above.ts';
import { BY_WHOM_AND_WHEN } from './migrations/0051-by-whom-and-when.ts';
import { ERAS } from './migrations/0052-eras.ts';
import { PLACES_AND_FEED } from './migrations/0053-places-and-feed.ts';
import { WHERE_SITES_ARE } from './migrations/0054-where-sites-are.ts';
import { ACCOUNTS } from './migrations/0055-accounts.ts';
import { SERVER_CERTIFICATES } from './migrations/0056-server-certificates.ts';
import { NOTICES } from './migrations/0057-notices.ts';
import { ADDRESS_CODES } from './migrations/0058-address-codes.ts';
import { ADMINISTRATORS_SINCE } from './migrations/0059-administrators-since.ts';
import type { Tables } from './tables.ts';

interface Migration {
  readonly n: number;
  readonly statements: readonly string[];
  /** For engines that take some (Engine.takesStorageHints), in PostgreSQL's words. They cost or save time and change no answer. */
  readonly hints?: readonly string[];
}

/**
 * Numbered and only ever added to: a database of any age is brought up by what it has not seen, in the order of the
 * numbers. Numbers may be left out. Statements are written with SQLite's types; see Engine.columnTypes.
 */
export const MIGRATIONS: readonly Migration[] = [
  { n: 1, statements: START },
  { n: 2, statements: APPROVERS_AND_VERSIONS },
  { n: 5, statements: PHONE_LOSSES },
  { n: 12, statements: RECORDS_OF_DEVICES },
  { n: 13, statements: RESPONDERS },
  { n: 20, statements: DEVICE_LIFE },
  { n: 21, statements: TRANSFERS },
  { n: 22, statements: POLICIES },
  { n: 23, statements: AUDIT_CHAINS },
  { n: 26, statements: GENERATIONS },
  { n: 29, statements: LISTS },
  { n: 30, statements: TPMS },
  { n: 32, statements: PHOTOS },
  { n: 34, statements: EVENTS },
  { n: 35, statements: ONE_INDEX_LESS },
  { n: 36, statements: OFFERS_OF_CASES },
  { n: 38, statements: JOBS_AND_REFUSALS },
  { n: 39, statements: REVOCATION_COUNTS },
  { n: 40, statements: KEY_LINEAGE },
  { n: 41, statements: LOSS_REPORTERS },
  { n: 42, statements: ONCE_WRITTEN, hints: ONCE_WRITTEN_HINTS },
  { n: 43, statements: NAMED_FOR_WHAT_THEY_HOLD },
  { n: 45, statements: ORGANISATIONS_APART },
  { n: 46, statements: LIST_DIGESTS },
  { n: 47, statements: STATEMENT_KEY_ENDS },
  { n: 48, statements: SALTED_ENTRIES },
  { n: 49, statements: CHAINS_ABOVE },
  { n: 51, statements: BY_WHOM_AND_WHEN },
  { n: 52, statements: ERAS },
  { n: 53, statements: PLACES_AND_FEED },
  { n: 54, statements: WHERE_SITES_ARE },
  { n: 55, statements: ACCOUNTS },
  { n: 56, statements: SERVER_CERTIFICATES },
  { n: 57, statements: NOTICES },
  { n: 58, statements: ADDRESS_CODES },
  { n: 59, statements: ADMINISTRATORS_SINCE },
];

/** What transactions are kept apart by, so it must be there before the first of them (see postgres.ts). */
const BEFORE = [
  'create table if not exists turn (n integer primary key)',
  'insert into turn (n) values (1), (2) on conflict do nothing',
  'create table if not exists migrations (n integer primary key)',
] as const;

/**
 * Brings the tables up to date, each number in a transaction of its own: a crash leaves whole steps. Of two processes that
 * start at once one waits for the other and then finds the step done. Throws if a newer version of the program wrote this
 * database.
 */
export async function migrate(
  { db, columnTypes, beforeLongWork, takesStorageHints }: Engine,
  migrations = MIGRATIONS,
): Promise<void> {
  for (const statement of BEFORE) await eitherMakes(db, columnTypes(statement));
  for (const { n, statements, hints = [] } of migrations) {
    await db.transaction().execute(async (trx) => {
      const found = await sql<{ n: number }>`select n from migrations order by n`.execute(trx);
      const done = found.rows.map((row) => row.n);
      if (done.some((one) => migrations.every((known) => known.n !== one)))
        throw new Error('this database was written by a newer version of Fieldbind');
      if (done.includes(n)) return;
      if (beforeLongWork !== undefined) await sql.raw(beforeLongWork).execute(trx);
      for (const statement of statements) await sql.raw(columnTypes(statement)).execute(trx);
      if (takesStorageHints) for (const hint of hints) await give(trx, hint);
      await sql`insert into migrations (n) values (${n})`.execute(trx);
    });
  }
}

/** syntax_error, feature_not_supported, invalid_parameter_value (PostgreSQL, appendix A). */
const NOT_KNOWN: readonly unknown[] = ['42601', '0A000', '22023'];

/** An engine that speaks PostgreSQL's protocol and not all its words goes without. */
async function give(trx: Kysely<Tables>, hint: string): Promise<void> {
  await sql.raw('savepoint hint').execute(trx);
  try {
    await sql.raw(hint).execute(trx);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && NOT_KNOWN.includes(error.code))) throw error;
    await sql.raw('rollback to savepoint hint').execute(trx);
  }
}

/** unique_violation, duplicate_table, duplicate_object (PostgreSQL, appendix A). */
const MADE_BY_ANOTHER: readonly unknown[] = ['23505', '42P07', '42710'];

/** "if not exists" does not keep two processes apart in PostgreSQL: the second may meet the first one in the catalogue. */
async function eitherMakes(db: Kysely<Tables>, statement: string): Promise<void> {
  try {
    await sql.raw(statement).execute(db);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && MADE_BY_ANOTHER.includes(error.code))) throw error;
    await sql.raw(statement).execute(db);
  }
}
