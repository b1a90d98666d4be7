import { sql } from 'kysely';
import { clientName, type Eras, type StoredEra } from '../ports/eras.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

const toEra = ({ era, copy_at, at, jws }: Tables['eras']): StoredEra => ({ era, copyAt: copy_at, at, jws });

export function eras(db: Db): Eras {
  return {
    async current() {
      const row = await db.selectFrom('eras').selectAll().orderBy('n', 'desc').limit(1).executeTakeFirst();
      return row && toEra(row);
    },
    async lostBy(at) {
      const row = await db
        .selectFrom('eras')
        .selectAll()
        .where('copy_at', '<', at)
        .where('at', '>=', at)
        .orderBy('n', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row && toEra(row);
    },
    async begin({ era, copyAt, at, jws }) {
      const { n } = await db
        .selectFrom('eras')
        .select((count) => count.fn.countAll<number | string>().as('n'))
        .executeTakeFirstOrThrow();
      await db
        .insertInto('eras')
        .values({ n: Number(n) + 1, era, copy_at: copyAt, at, jws })
        .execute();
      await db.deleteFrom('revived').execute();
      const people = await db
        .selectFrom('people')
        .select('operator')
        .where('revoked_at', 'is', null)
        .execute();
      const clients = await db.selectFrom('clients').select('name').where('revoked_at', 'is', null).execute();
      const names = [
        ...people.map(({ operator }) => operator),
        ...clients.map(({ name }) => clientName(name)),
      ];
      for (const name of names)
        await db
          .insertInto('revived')
          .values({ name, era, confirmed_at: null, confirmed_by: null })
          .execute();
    },
    async endOneTimeThings() {
      await db.deleteFrom('sessions').execute();
      await db.deleteFrom('nonces').execute();
      await db.deleteFrom('tpm_challenges').execute();
      await db.deleteFrom('ceremonies').execute();
      // One that was used or taken back after the copy would let somebody in again.
      await sql`update invitations set withdrawn_at = (select max(at) from eras)
        where used_at is null and withdrawn_at is null`.execute(db);
      // Half of a transfer: one person's word, given before the copy or taken back after it.
      await db.deleteFrom('give_ups').execute();
      await db.deleteFrom('leases').execute();
      // Whoever stopped an event receiver after the copy must not find it told again.
      await sql`update event_receivers set dead_at = (select max(at) from eras) where dead_at is null`.execute(
        db,
      );
    },
    async unconfirmed(name) {
      const row = await db
        .selectFrom('revived')
        .select('name')
        .where('name', '=', name)
        .where('confirmed_at', 'is', null)
        .executeTakeFirst();
      return row !== undefined;
    },
    async allUnconfirmed() {
      const rows = await db
        .selectFrom('revived')
        .select('name')
        .where('confirmed_at', 'is', null)
        .orderBy('name')
        .execute();
      return rows.map(({ name }) => name);
    },
    async confirm(name, by, at) {
      const done = await db
        .updateTable('revived')
        .set({ confirmed_at: at, confirmed_by: by })
        .where('name', '=', name)
        .where('confirmed_at', 'is', null)
        .executeTakeFirst();
      return done.numUpdatedRows > 0n;
    },
  };
}
