import type { Sessions } from '../ports/sessions.ts';
import type { Db } from './db.ts';

export function sessions(db: Db): Sessions {
  return {
    async create({ hash, operator, expiresAt }) {
      await db.insertInto('sessions').values({ hash, operator, expires_at: expiresAt }).execute();
    },
    async find(hash) {
      const row = await db.selectFrom('sessions').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row && { hash: row.hash, operator: row.operator, expiresAt: row.expires_at };
    },
    async remove(hash) {
      await db.deleteFrom('sessions').where('hash', '=', hash).execute();
      await db.deleteFrom('nonces').where('session', '=', hash).execute();
    },
    async removeOf(operator) {
      await db.deleteFrom('sessions').where('operator', '=', operator).execute();
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
