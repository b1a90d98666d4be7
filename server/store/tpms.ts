import type { Tpms } from '../ports/tpms.ts';
import type { Db } from './db.ts';

export function tpms(db: Db): Tpms {
  return {
    async challenge({ expiresAt, ...same }, now) {
      await db.deleteFrom('tpm_challenges').where('expires_at', '<', now).execute();
      await db
        .insertInto('tpm_challenges')
        .values({ ...same, expires_at: expiresAt })
        .execute();
    },
    async redeem(id) {
      const found = await db
        .deleteFrom('tpm_challenges')
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      if (found === undefined) return undefined;
      const { expires_at, ak, ...same } = found;
      return { ...same, ak: new Uint8Array(ak), expiresAt: expires_at };
    },
    async recordKey(ek, keyDigest, at) {
      await db
        .insertInto('tpm_keys')
        .values({ ek, key_digest: keyDigest, at })
        .onConflict((c) => c.columns(['ek', 'key_digest']).doNothing())
        .execute();
    },
    async hasKey(ek, keyDigest) {
      const found = await db
        .selectFrom('tpm_keys')
        .select('at')
        .where('ek', '=', ek)
        .where('key_digest', '=', keyDigest)
        .executeTakeFirst();
      return found !== undefined;
    },
  };
}
