import { sql } from 'kysely';
import type { RejectionCode } from '../../contract/codes.ts';
import type { Envelope, Envelopes } from '../ports/envelopes.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

export function toEnvelope(row: Tables['envelopes']): Envelope {
  return {
    digest: row.digest,
    kid: row.kid,
    seq: row.seq,
    prev: row.prev,
    inChain: row.in_chain === 1,
    id: row.id,
    jws: row.jws,
    uploader: row.uploader,
    receivedAt: row.received_at,
    code: row.code as RejectionCode | null,
    receipt: row.receipt,
  };
}

export function envelopes(db: Db): Envelopes {
  return {
    async prefetch() {
      // Without a group there is nothing to prefetch: each envelope is read when it is needed.
    },
    async byDigest(digest) {
      const row = await db
        .selectFrom('envelopes')
        .selectAll()
        .where('digest', '=', digest)
        .executeTakeFirst();
      return row && toEnvelope(row);
    },
    async inChain(kid, seq) {
      return db
        .selectFrom('envelopes')
        .select(['digest', 'prev'])
        .where('kid', '=', kid)
        .where('seq', '=', seq)
        .where('in_chain', '=', sql.lit(1))
        .executeTakeFirst();
    },
    async receivedId(id) {
      const row = await db
        .selectFrom('envelopes')
        .select('digest')
        .where('id', '=', id)
        .where('code', 'is', null)
        .executeTakeFirst();
      return row?.digest;
    },
    async answerAnew(digest, { code, receipt }) {
      await db.updateTable('envelopes').set({ code, receipt }).where('digest', '=', digest).execute();
    },
    async keep({ inChain, receivedAt, ...envelope }) {
      await db
        .insertInto('envelopes')
        .values({ ...envelope, in_chain: inChain ? 1 : 0, received_at: receivedAt })
        .execute();
    },
  };
}
