import type { Selectable } from 'kysely';
import type { KnownSession, Sessions } from '../ports/sessions.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

export function sessions(db: Db): Sessions {
  return {
    async create({ hash, operator, expiresAt, begunAt = null, label = null, passkey = null }) {
      await db
        .insertInto('sessions')
        .values({
          hash,
          operator,
          expires_at: expiresAt,
          begun_at: begunAt,
          seen_at: begunAt,
          label,
          passkey,
        })
        .execute();
    },
    async find(hash) {
      const row = await db.selectFrom('sessions').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row && sessionOf(row);
    },
    async ofOperator(operator) {
      const rows = await db.selectFrom('sessions').selectAll().where('operator', '=', operator).execute();
      return rows.map(sessionOf);
    },
    async touch(hash, at, expiresAt) {
      await db
        .updateTable('sessions')
        .set({ seen_at: at, expires_at: expiresAt })
        .where('hash', '=', hash)
        .execute();
    },
    async remove(hash) {
      await db.deleteFrom('sessions').where('hash', '=', hash).execute();
      await db.deleteFrom('nonces').where('session', '=', hash).execute();
    },
    async removeOf(operator) {
      const ended = await db.deleteFrom('sessions').where('operator', '=', operator).executeTakeFirst();
      return Number(ended.numDeletedRows);
    },
    async removeBegunWith(passkey) {
      await db.deleteFrom('sessions').where('passkey', '=', passkey).execute();
    },
    async saveNonce(hash, session, expiresAt) {
      await db.insertInto('nonces').values({ hash, session, expires_at: expiresAt }).execute();
    },
    async takeNonce(hash, session, now) {
      const taken = await db
        .deleteFrom('nonces')
        .where('hash', '=', hash)
        .where('session', '=', session)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return taken.numDeletedRows === 1n;
    },
    async purge(now) {
      await db.deleteFrom('sessions').where('expires_at', '<=', now).execute();
      await db.deleteFrom('nonces').where('expires_at', '<=', now).execute();
    },
  };
}

function sessionOf(row: Selectable<Tables['sessions']>): KnownSession {
  const { hash, operator, label } = row;
  return { hash, operator, label, expiresAt: row.expires_at, begunAt: row.begun_at, seenAt: row.seen_at };
}
