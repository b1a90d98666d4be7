import type { Selectable } from 'kysely';
import type { Passkey, Passkeys, UserHandles } from '../ports/accounts.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import type { Tables } from './tables.ts';

export function passkeys(db: Db): Passkeys {
  return {
    async passkey(id) {
      const row = await db.selectFrom('passkeys').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toPasskey(row);
    },
    async ofOperator(operator) {
      const rows = await db
        .selectFrom('passkeys')
        .selectAll()
        .where('operator', '=', operator)
        .where('ended_at', 'is', null)
        .orderBy('made_at')
        .execute();
      return rows.map(toPasskey);
    },
    async save({ id, operator, publicKey, counter, transports, backedUp, label, madeAt }) {
      await db
        .insertInto('passkeys')
        .values({
          ...{ id, operator, counter, label },
          public_key: publicKey,
          transports: JSON.stringify(transports),
          backed_up: backedUp ? 1 : 0,
          made_at: madeAt,
        })
        .execute();
    },
    async used(id, before, counter, at) {
      const changed = await db
        .updateTable('passkeys')
        .set({ counter, used_at: at })
        .where('id', '=', id)
        .where('counter', '=', before)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },
    async end(id, at, why) {
      const changed = await db
        .updateTable('passkeys')
        .set({ ended_at: at, ended_why: why })
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },
    async endOf(operator, at, why) {
      const changed = await db
        .updateTable('passkeys')
        .set({ ended_at: at, ended_why: why })
        .where('operator', '=', operator)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      return Number(changed.numUpdatedRows);
    },
  };
}

export function userHandles(db: Db): UserHandles {
  return {
    async ofOperator(operator) {
      const row = await db
        .selectFrom('people')
        .select('handle')
        .where('operator', '=', operator)
        .executeTakeFirst();
      return row?.handle ?? undefined;
    },
    async give(operator, handle) {
      await db
        .updateTable('people')
        .set({ handle })
        .where('operator', '=', operator)
        .where('handle', 'is', null)
        .execute();
    },
  };
}

function toPasskey(row: Selectable<Tables['passkeys']>): Passkey {
  const { id, operator, label } = row;
  return {
    ...{ id, operator, label },
    publicKey: row.public_key,
    counter: Number(row.counter),
    transports: fromJson<string[]>(row.transports),
    backedUp: row.backed_up === 1,
    madeAt: row.made_at,
    usedAt: row.used_at,
    endedAt: row.ended_at,
  };
}
