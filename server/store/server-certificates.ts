import type { AcmeChallenge, AcmeChallenges, ServerCertificates } from '../ports/server-certificates.ts';
import type { Db } from './db.ts';

export function serverCertificates(db: Db): ServerCertificates {
  return {
    async of(host) {
      const row = await db
        .selectFrom('server_certificates')
        .selectAll()
        .where('host', '=', host)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { next_at: nextAt, asked_until: askedUntil, ...rest } = row;
      return { ...rest, nextAt, askedUntil };
    },
    async keep({ host, n, chain }) {
      const values = { n, chain, failures: 0, next_at: null, asked_until: null };
      await db
        .insertInto('server_certificates')
        .values({ host, ...values })
        .onConflict((c) => c.column('host').doUpdateSet(values))
        .execute();
    },
    async failed({ host, failures, nextAt, askedUntil }) {
      const values = { failures, next_at: nextAt, asked_until: askedUntil };
      await db
        .insertInto('server_certificates')
        .values({ host, n: 0, chain: '', ...values })
        .onConflict((c) => c.column('host').doUpdateSet(values))
        .execute();
    },
  };
}

export function acmeChallenges(db: Db): AcmeChallenges {
  const all = () => db.selectFrom('acme_challenges').selectAll();
  const read = (row: Awaited<ReturnType<ReturnType<typeof all>['execute']>>[number]): AcmeChallenge => ({
    ...row,
    kind: row.kind === 'http-01' ? 'http-01' : 'tls-alpn-01',
  });
  return {
    async challenge(token) {
      const row = await all().where('token', '=', token).executeTakeFirst();
      return row && read(row);
    },
    async open(kind, now) {
      return (await all().where('kind', '=', kind).where('until', '>', now).execute()).map(read);
    },
    async save(challenge, now) {
      await db.deleteFrom('acme_challenges').where('until', '<=', now).execute();
      const { token, ...values } = challenge;
      await db
        .insertInto('acme_challenges')
        .values(challenge)
        .onConflict((c) => c.column('token').doUpdateSet(values))
        .execute();
    },
    async remove(token) {
      await db.deleteFrom('acme_challenges').where('token', '=', token).execute();
    },
  };
}
