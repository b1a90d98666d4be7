import { PostgresAdapter, sql } from 'kysely';
import type { Settings } from '../ports/settings.ts';
import type { Db } from './db.ts';

export function settings(db: Db): Settings {
  async function setting(name: string) {
    const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
    return row?.value;
  }
  async function hasSecureDelete(on: boolean): Promise<void> {
    // SQLite then overwrites what is removed with zeros (pragma secure_delete). PostgreSQL has nothing like it.
    if (!(db.getExecutor().adapter instanceof PostgresAdapter))
      await sql.raw(`pragma secure_delete = ${on ? 'on' : 'off'}`).execute(db);
  }

  return {
    setting,
    async wipe(name) {
      await hasSecureDelete(true);
      try {
        await db.deleteFrom('settings').where('name', '=', name).execute();
      } finally {
        await hasSecureDelete(false);
      }
    },
    async settle(name, value) {
      const settled = await setting(name);
      if (settled !== undefined) return settled;
      await db
        .insertInto('settings')
        .values({ name, value })
        .onConflict((c) => c.doNothing())
        .execute();
      return (await setting(name)) ?? value;
    },
    async change(name, value) {
      await db.updateTable('settings').set({ value }).where('name', '=', name).execute();
    },
    async remove(name) {
      await db.deleteFrom('settings').where('name', '=', name).execute();
    },
  };
}
