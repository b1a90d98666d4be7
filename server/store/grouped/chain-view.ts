import { sql } from 'kysely';
import type { Envelope, Envelopes } from '../../ports/envelopes.ts';
import type { Db } from '../db.ts';
import type { Engine } from '../engine.ts';
import { envelopes, toEnvelope } from '../envelopes.ts';
import type { LateWrites } from './late-writes.ts';

/** The places in their chains that envelopes claim, for prefetching. */
export type ClaimedPlaces = Parameters<Envelopes['prefetch']>[0];

/**
 * Envelopes as a group of batches sees them. The prefetched ones are read with three statements and cached, together
 * with what the group itself has stored since: batches follow each other in one transaction as if each had its own.
 */
export function chainView(
  db: Db,
  late: LateWrites,
  { bulk, locking }: Pick<Engine, 'bulk' | 'locking'>,
): Envelopes {
  const direct = envelopes(db);
  // A key that is known to be absent has the value undefined.
  const byDigest = new Map<string, Envelope | undefined>();
  const places = new Map<string, Map<number, Pick<Envelope, 'digest' | 'prev'> | undefined>>();
  const received = new Map<string, string | undefined>();
  const chainOf = (kid: string) => {
    const known = places.get(kid);
    if (known !== undefined) return known;
    const created = new Map<number, Pick<Envelope, 'digest' | 'prev'> | undefined>();
    places.set(kid, created);
    return created;
  };

  function note(envelope: Envelope): void {
    byDigest.set(envelope.digest, envelope);
    if (envelope.inChain) chainOf(envelope.kid).set(envelope.seq, envelope);
    if (envelope.id !== null && envelope.code === null) received.set(envelope.id, envelope.digest);
  }

  return {
    async prefetch(claims) {
      if (claims.length === 0) return;
      // Two transactions that extend one chain at once would not see each other's links, so each locks the operator
      // key's row first.
      const kids = [...new Set(claims.map(({ kid }) => kid))];
      const tail = `order by kid ${locking.wait}`;
      await bulk.select(db, { table: 'operator_keys', columns: ['kid'], key: 'kid', tail }, kids);
      const select = db.selectFrom('envelopes').selectAll();
      const digests = claims.map(({ digest }) => digest);
      for (const row of await bulk.select(db, { table: 'envelopes', key: 'digest' }, digests))
        note(toEnvelope(row));
      for (const digest of digests) if (!byDigest.has(digest)) byDigest.set(digest, undefined);
      for (const kid of kids) {
        const seqs = claims.filter((one) => one.kid === kid).flatMap(({ seq }) => [seq - 1, seq, seq + 1]);
        const [from, to] = [Math.min(...seqs), Math.max(...seqs)];
        // A chain normally has no gaps, so a range is read at once. A chain with large gaps is read place by place.
        if (to - from > 2 * seqs.length) continue;
        const rows = await select
          .where('kid', '=', kid)
          .where('seq', '>=', from)
          .where('seq', '<=', to)
          .where('in_chain', '=', sql.lit(1))
          .execute();
        for (const row of rows) note(toEnvelope(row));
        const chain = chainOf(kid);
        for (let seq = from; seq <= to; seq++) if (!chain.has(seq)) chain.set(seq, undefined);
      }
      const ids = claims.flatMap(({ id }) => (id === undefined ? [] : [id]));
      if (ids.length === 0) return;
      for (const row of await bulk.select(db, { table: 'envelopes', key: 'id', where: 'code is null' }, ids))
        note(toEnvelope(row));
      for (const id of ids) if (!received.has(id)) received.set(id, undefined);
    },
    async byDigest(digest) {
      return byDigest.has(digest) ? byDigest.get(digest) : direct.byDigest(digest);
    },
    async inChain(kid, seq) {
      const chain = places.get(kid);
      if (chain?.has(seq) !== true) return direct.inChain(kid, seq);
      const known = chain.get(seq);
      return known && { digest: known.digest, prev: known.prev };
    },
    async receivedId(id) {
      return received.has(id) ? received.get(id) : direct.receivedId(id);
    },
    async keep(envelope) {
      note(envelope);
      const { inChain, receivedAt, ...rest } = envelope;
      late.insert('envelopes', { ...rest, in_chain: inChain ? 1 : 0, received_at: receivedAt });
    },
    async answerAnew(digest, answer) {
      const known = byDigest.get(digest);
      if (known !== undefined) note({ ...known, ...answer });
      await direct.answerAnew(digest, answer);
    },
  };
}
