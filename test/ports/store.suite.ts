import { beforeEach, describe, expect, it } from 'vitest';
import type { DomainName } from '../../core/name.ts';
import type { Database } from '../../server/ports/stores.ts';
import { audit } from '../../server/trail/chain.ts';
import { STEPS } from '../../server/trail/steps.ts';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { AT, LATER } from './store-samples.ts';

/** What every database must do, whatever it is: transactions, the trail, and what stands once. `open` gives an empty one. */
export function storeSuite(name: string, open: () => Promise<Database>): void {
  describe(`store over ${name}`, () => {
    let db: Database;
    beforeEach(async () => {
      db = await open();
      return () => db.close();
    });

    it('keeps all of a transaction or nothing', async () => {
      const failing = db.transact(async ({ settings }) => {
        await settings.settle('a', '1');
        throw new Error('on purpose');
      });
      await expect(failing).rejects.toThrow('on purpose');
      expect(await db.stores.settings.setting('a')).toBeUndefined();
      await db.transact(({ settings }) => settings.settle('a', '2'));
      expect(await db.stores.settings.settle('a', '3')).toBe('2');
    });

    it('lets one writer at a time read and then write', async () => {
      const change = { outcome: 'noted', code: null, detail: null, at: AT, maker: null, udid: null } as const;
      const rest = { domain: null, unproven: null, fingerprint: null };
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          db.transact(({ changes }) => changes.append('northfield', { record: `r${n}`, ...change, ...rest })),
        ),
      );
      const all = await db.stores.changes.after('northfield', 0, 100);
      expect(all.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
      expect(await db.stores.changes.after('northfield', 18, 100)).toHaveLength(2);
      expect(await db.stores.changes.lastOf('northfield', 'r3')).toMatchObject({ record: 'r3' });
    });

    it('keeps the end of a statement key once, and administrators who are not revoked', async () => {
      const { statements, people } = db.stores;
      expect(await statements.saveEnd({ kid: 'b', jws: 'x', at: AT })).toBe(true);
      expect(await statements.saveEnd({ kid: 'b', jws: 'y', at: LATER })).toBe(false);
      expect(await statements.saveEnd({ kid: 'a', jws: 'z', at: LATER })).toBe(true);
      expect((await statements.ends()).map(({ kid, jws }) => [kid, jws])).toEqual([
        ['b', 'x'],
        ['a', 'z'],
      ]);
      const person = { name: 'X', about: '', demoRole: null, revokedAt: null };
      for (const operator of ['one', 'two', 'three']) {
        await people.savePerson({ operator, ...person });
        await people.saveMembership(operator, 'northfield', operator === 'three' ? 'owner' : 'administrator');
      }
      expect(await people.administrators('northfield')).toEqual(['one', 'two']);
      await people.revokePerson('one', AT);
      expect(await people.administrators('northfield')).toEqual(['two']);
      expect([
        await people.endMembership('two', 'northfield'),
        await people.endMembership('two', 'northfield'),
      ]).toEqual([true, false]);
      expect(await people.administrators('northfield')).toEqual([]);
    });

    it('fixes the reported head when an operator is revoked', async () => {
      const { operatorKeys, heads } = db.stores;
      const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } as const;
      await operatorKeys.saveKey({ kid: 'k', operator: 'ines', jwk, enrolledAt: AT });
      const head = { kid: 'k', epoch: 'e', unsent: 0, oldestUnsentAt: null, persisted: true, reportedAt: AT };
      await heads.report({ ...head, seq: 4, digest: 'd4' });
      await heads.report({ ...head, seq: 5, digest: 'd5' });
      expect(await operatorKeys.revokeKeys('ines', LATER)).toBe(1);
      expect(await operatorKeys.revokeKeys('ines', LATER)).toBe(0);
      const key = await operatorKeys.key('k');
      expect(key).toMatchObject({ revokedAt: LATER, covered: { seq: 5, digest: 'd5' } });
      expect(await heads.head('k')).toMatchObject({ seq: 5, persisted: true });
    });

    it('takes a nonce once, for its session, in time', async () => {
      const { sessions } = db.stores;
      await sessions.saveNonce('n', 's', LATER);
      expect(await sessions.takeNonce('n', 'other', AT)).toBe(false);
      expect(await sessions.takeNonce('n', 's', LATER)).toBe(false);
      expect(await sessions.takeNonce('n', 's', AT)).toBe(true);
      expect(await sessions.takeNonce('n', 's', AT)).toBe(false);
      await sessions.create({ hash: 'h', operator: 'ines', expiresAt: AT });
      await sessions.purge(LATER);
      expect(await sessions.find('h')).toBeUndefined();
    });

    it('gives the audit trail back as it was hashed, whatever a person wrote', async () => {
      const event = {
        at: AT,
        step: STEPS.decide,
        event: 'approved',
        actor: 'sam',
        org: 'northfield',
      } as const;
      for (const detail of ['plain', 'nul \0', 'half \ud800', '\u{1f600} ü'])
        await db.transact((tx) => audit(tx.audit, { ...event, subject: 'r1', detail }));
      expect(await verifyAudit({ stores: db.stores, aud: 'test', crypto: nodeCrypto })).toMatchObject({
        ok: true,
        entries: 4,
      });
    });

    it('gives a lease to one at a time, until it ends or is left', async () => {
      const take = (owner: string, now: string, until: string) =>
        db.stores.leases.take({ name: 'seal', owner, now, until });
      expect(await take('a', AT, LATER)).toBe(true);
      expect(await take('a', AT, LATER)).toBe(true);
      expect(await take('b', AT, LATER)).toBe(false);
      expect(await take('b', LATER, LATER)).toBe(true);
      await db.stores.leases.leave('seal', 'a');
      expect(await take('a', AT, LATER)).toBe(false);
      await db.stores.leases.leave('seal', 'b');
      expect(await take('a', AT, LATER)).toBe(true);
    });

    it('finds domains above and below by whole labels only', async () => {
      const { domains } = db.stores;
      for (const name of ['a.example', 'x.a.example', 'xa.example', 'b.example'])
        await domains.saveDomain({ name: name as DomainName, org: 'northfield', title: name }, AT);
      const found = await domains.overlapping('a.example' as DomainName);
      expect(found.map(({ name }) => name)).toEqual(['a.example', 'x.a.example']);
      expect(await domains.overlapping('y.x.a.example' as DomainName)).toHaveLength(2);
    });

    it('keeps the newest certificate of this server, and what came of the tries for it', async () => {
      const { serverCertificates } = db.stores;
      expect(await serverCertificates.of('a.example')).toBeUndefined();
      await serverCertificates.failed({ host: 'a.example', failures: 1, nextAt: AT, askedUntil: null });
      const none = { host: 'a.example', n: 0, chain: '', failures: 1, nextAt: AT, askedUntil: null };
      expect(await serverCertificates.of('a.example')).toEqual(none);
      await serverCertificates.keep({ host: 'a.example', n: 1, chain: 'PEM' });
      const kept = { host: 'a.example', n: 1, chain: 'PEM' };
      const well = { ...kept, failures: 0, nextAt: null, askedUntil: null };
      expect(await serverCertificates.of('a.example')).toEqual(well);
      await serverCertificates.failed({ host: 'a.example', failures: 2, nextAt: LATER, askedUntil: AT });
      expect(await serverCertificates.of('a.example')).toEqual({
        ...kept,
        ...{ failures: 2, nextAt: LATER, askedUntil: AT },
      });
      await serverCertificates.keep({ host: 'a.example', n: 2, chain: 'PEM 2' });
      expect(await serverCertificates.of('a.example')).toEqual({ ...well, n: 2, chain: 'PEM 2' });
      expect(await serverCertificates.of('b.example')).toBeUndefined();
    });

    it('knows the challenges of a CA that are open', async () => {
      const { acmeChallenges } = db.stores;
      const one = { host: 'a.example', kind: 'http-01', token: 't1', answer: 'x', until: LATER } as const;
      const two = { ...one, kind: 'tls-alpn-01', token: 't2' } as const;
      await acmeChallenges.save(one, AT);
      await acmeChallenges.save(two, AT);
      await acmeChallenges.save({ ...two, answer: 'y' }, AT);
      expect(await acmeChallenges.challenge('t1')).toEqual(one);
      expect(await acmeChallenges.open('tls-alpn-01', AT)).toEqual([{ ...two, answer: 'y' }]);
      expect(await acmeChallenges.open('tls-alpn-01', LATER)).toEqual([]);
      await acmeChallenges.remove('t2');
      expect(await acmeChallenges.open('tls-alpn-01', AT)).toEqual([]);
      // The next one takes those away that are over.
      await acmeChallenges.save({ ...two, until: '2999-01-01T00:00:00.000Z' }, LATER);
      expect(await acmeChallenges.challenge('t1')).toBeUndefined();
    });

    it('lifts a tombstone, and buries again', async () => {
      const { tombstones } = db.stores;
      const stone = { digest: 't', reason: 'lost', at: AT, by: 'sam' };
      await tombstones.bury(stone);
      expect(await tombstones.anyLive(['t', 'u'])).toBe(true);
      expect(await tombstones.lift(['t'], 'sam', 'found', LATER)).toBe(1);
      expect(await tombstones.lift(['t'], 'sam', 'found', LATER)).toBe(0);
      expect(await tombstones.live(10)).toEqual([]);
      await tombstones.bury(stone);
      expect(await tombstones.live(10)).toEqual(['t']);
    });
  });
}
