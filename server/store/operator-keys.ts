import type { PublicJwk } from '../../contract/public-jwk.ts';
import type { Heads, OperatorKey, OperatorKeys } from '../ports/operator-keys.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import type { Tables } from './tables.ts';

function toKey(row: Tables['operator_keys']): OperatorKey {
  return {
    kid: row.kid,
    operator: row.operator,
    jwk: fromJson<PublicJwk>(row.jwk),
    enrolledAt: row.enrolled_at,
    revokedAt: row.revoked_at,
    covered:
      row.covered_seq === null || row.covered_digest === null
        ? null
        : { seq: row.covered_seq, digest: row.covered_digest },
  };
}

/** The operator's keys that are not revoked; what their phones reported last stays known. */
function revoking(db: Db, operator: string, at: string) {
  return db
    .updateTable('operator_keys')
    .set((set) => {
      const head = set.selectFrom('heads').whereRef('heads.kid', '=', 'operator_keys.kid');
      return {
        revoked_at: at,
        covered_seq: head.select('heads.seq'),
        covered_digest: head.select('heads.digest'),
      };
    })
    .where('operator', '=', operator)
    .where('revoked_at', 'is', null);
}

export function operatorKeys(db: Db): OperatorKeys {
  return {
    async key(kid) {
      const row = await db.selectFrom('operator_keys').selectAll().where('kid', '=', kid).executeTakeFirst();
      return row && toKey(row);
    },
    async saveKey({ kid, operator, jwk, enrolledAt }) {
      await db
        .insertInto('operator_keys')
        .values({ kid, operator, jwk: JSON.stringify(jwk), enrolled_at: enrolledAt })
        .onConflict((c) => c.doNothing())
        .execute();
    },
    async previous(operator, kid) {
      const row = await db
        .selectFrom('operator_keys')
        .select('kid')
        .where('operator', '=', operator)
        .where('kid', '!=', kid)
        .orderBy('enrolled_at', 'desc')
        .executeTakeFirst();
      return row?.kid;
    },
    async ofOperator(operator) {
      const rows = await db
        .selectFrom('operator_keys')
        .selectAll()
        .where('operator', '=', operator)
        .orderBy('enrolled_at', 'desc')
        .execute();
      return rows.map(toKey);
    },
    async revokeKey(kid, operator, at) {
      const revoked = await revoking(db, operator, at).where('kid', '=', kid).executeTakeFirst();
      return revoked.numUpdatedRows === 1n;
    },
    async revokeKeys(operator, at) {
      return Number((await revoking(db, operator, at).executeTakeFirst()).numUpdatedRows);
    },
    async credentials(kid) {
      const rows = await db.selectFrom('credentials').selectAll().where('kid', '=', kid).execute();
      return rows.map((row) => ({
        kid: row.kid,
        notBefore: row.not_before,
        notAfter: row.not_after,
        maxOfflineSeconds: row.max_offline,
      }));
    },
    async saveCredential(digest, period) {
      await db
        .insertInto('credentials')
        .values({
          digest,
          kid: period.kid,
          not_before: period.notBefore,
          not_after: period.notAfter,
          max_offline: period.maxOfflineSeconds,
        })
        // A credential renewed twice within a millisecond has the same text, so the same digest.
        .onConflict((c) => c.doNothing())
        .execute();
    },
  };
}

export function heads(db: Db): Heads {
  return {
    async report(head) {
      const values = {
        seq: head.seq,
        digest: head.digest,
        epoch: head.epoch,
        unsent: head.unsent,
        oldest_unsent_at: head.oldestUnsentAt,
        persisted: head.persisted === null ? null : Number(head.persisted),
        reported_at: head.reportedAt,
      };
      await db
        .insertInto('heads')
        .values({ kid: head.kid, ...values })
        .onConflict((c) => c.column('kid').doUpdateSet(values))
        .execute();
    },
    async head(kid) {
      const row = await db.selectFrom('heads').selectAll().where('kid', '=', kid).executeTakeFirst();
      return (
        row && {
          kid: row.kid,
          seq: row.seq,
          digest: row.digest,
          epoch: row.epoch,
          unsent: row.unsent,
          oldestUnsentAt: row.oldest_unsent_at,
          persisted: row.persisted === null ? null : row.persisted === 1,
          reportedAt: row.reported_at,
        }
      );
    },
  };
}
