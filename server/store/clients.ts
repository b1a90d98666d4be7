import type { Client, ClientRight, Clients } from '../ports/clients.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import type { Tables } from './tables.ts';

function toClient({ name, org, rights, hash, ...row }: Tables['clients']): Client {
  return {
    name,
    org,
    rights: fromJson<ClientRight[]>(rights),
    hash,
    madeAt: row.made_at,
    madeBy: row.made_by,
    revokedAt: row.revoked_at,
  };
}

export function clients(db: Db): Clients {
  return {
    async add({ name, org, rights, hash, madeAt, madeBy, revokedAt }) {
      const added = await db
        .insertInto('clients')
        .values({
          name,
          org,
          rights: JSON.stringify(rights),
          hash,
          made_at: madeAt,
          made_by: madeBy,
          revoked_at: revokedAt,
        })
        .onConflict((c) => c.column('name').doNothing())
        .executeTakeFirst();
      return added.numInsertedOrUpdatedRows === 1n;
    },
    async byHash(hash) {
      const row = await db.selectFrom('clients').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row && toClient(row);
    },
    async clients() {
      return (await db.selectFrom('clients').selectAll().orderBy('name').execute()).map(toClient);
    },
    async revoke(name, at) {
      const done = await db
        .updateTable('clients')
        .set({ revoked_at: at })
        .where('name', '=', name)
        .where('revoked_at', 'is', null)
        .executeTakeFirst();
      return done.numUpdatedRows === 1n;
    },
  };
}
