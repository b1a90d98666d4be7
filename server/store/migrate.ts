import { type Kysely, sql } from 'kysely';
import { START } from './migrations/0001-start.ts';
import { APPROVERS_AND_VERSIONS } from './migrations/0002-approvers-and-versions.ts';
import type { Tables } from './tables.ts';

/** Numbered and only ever added to: a database of any age is brought up by what it has not seen. */
const MIGRATIONS: readonly (readonly string[])[] = [START, APPROVERS_AND_VERSIONS];

/** Brings the tables up to date in one transaction. Throws if a newer version of the program wrote this database. */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`create table if not exists migrations (n integer primary key)`.execute(trx);
    const found = await sql<{ n: number | null }>`select max(n) as n from migrations`.execute(trx);
    const done = found.rows[0]?.n ?? 0;
    if (done > MIGRATIONS.length)
      throw new Error('this database was written by a newer version of Fieldbind');
    for (const [index, statements] of MIGRATIONS.entries()) {
      if (index < done) continue;
      for (const statement of statements) await sql.raw(statement).execute(trx);
      await sql`insert into migrations (n) values (${index + 1})`.execute(trx);
    }
  });
}
