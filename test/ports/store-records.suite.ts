import { beforeEach, describe, expect, it } from 'vitest';
import type { DecisionQueue, StoredRecord } from '../../server/ports/records.ts';
import type { Database } from '../../server/ports/stores.ts';
import { audit } from '../../server/trail/chain.ts';
import { STEPS } from '../../server/trail/steps.ts';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { keep } from '../support/kept-record.ts';
import { AT, binding, envelope, intent, LATER, NORTHFIELD, record, row } from './store-samples.ts';

/** What every database must do with records and what becomes of them, one by one and many side by side. `open` gives an empty one. */
export function recordStoreSuite(name: string, open: () => Promise<Database>): void {
  describe(`store over ${name}`, () => {
    let db: Database;
    beforeEach(async () => {
      db = await open();
      return () => db.close();
    });

    it('opens one case for each claimant and binding, and shows the oldest of every person first', async () => {
      const { bindings, records, transfers } = db.stores;
      const opened = (id: string, of: string, claimant = 'south') => ({
        ...{
          id,
          record: `r-${id}`,
          claimant,
          binding: of,
          openedAt: `2026-01-01T00:00:00.${id.padStart(3, '0')}Z`,
        },
      });
      for (let n = 1; n <= 4; n++) {
        await bindings.open(binding({ id: `b${n}`, udid: `acme-${n}`, keyDigest: `key-${n}` }));
        const { envelopes } = db.stores;
        await envelopes.keep(envelope({ digest: `digest of r-${n}`, seq: n, id: `r-${n}` }));
        await records.add(record(`r-${n}`, n, { author: n === 4 ? 'wilma' : 'otto' }));
        await transfers.openCase(opened(`${n}`, `b${n}`));
      }
      await transfers.openCase(opened('5', 'b1'));
      expect((await transfers.openOf('northfield', 9)).map(({ id }) => id)).toEqual(['1', '2', '3', '4']);
      expect((await transfers.openOf('northfield', 2)).map(({ id }) => id)).toEqual(['1', '4']);
      await transfers.openCase(opened('6', 'b1', 'east'));
      expect(await transfers.openCases()).toHaveLength(5);
      // A claim that was taken back leaves its case to the next one, and a decided pair may open one again.
      const withdrawn = { outcome: 'refused', code: 'withdrawn', decidedAt: AT, binding: null } as const;
      await records.settle('r-1', withdrawn);
      await transfers.openCase(opened('7', 'b1'));
      expect(await transfers.open('1')).toMatchObject({ record: 'r-7' });
      await transfers.decide('1', 'refused', 'sam', AT);
      expect(await transfers.open('1')).toBeUndefined();
      await transfers.openCase(opened('8', 'b1'));
      expect(await transfers.open('8')).toMatchObject({ claimant: 'south' });
    });

    it('tells apart devices of two organisations that have one name, and no others', async () => {
      const { bindings, liveBindings } = db.stores;
      await bindings.open(binding());
      const other = binding({ id: 'b2', org: 'south', keyDigest: 'key-2' });
      await expect(bindings.open(other)).rejects.toThrow();
      await bindings.open({ ...other, apart: true });
      await expect(bindings.open({ ...other, id: 'b3', keyDigest: 'key-3', apart: true })).rejects.toThrow();
      expect((await liveBindings.named('acme', 'acme-1')).map(({ org }) => org).sort()).toEqual([
        'northfield',
        'south',
      ]);
    });

    it('allows one live binding per key and per maker and UDID', async () => {
      const { bindings, liveBindings, bindingHistory } = db.stores;
      await bindings.open(binding());
      await expect(bindings.open(binding({ id: 'b2', udid: 'acme-2' }))).rejects.toThrow();
      await expect(bindings.open(binding({ id: 'b3', keyDigest: 'key-2' }))).rejects.toThrow();
      await expect(bindings.open(binding({ id: 'b4', scope: 'training:t' }))).rejects.toThrow();
      expect(await liveBindings.byKey('key-1')).toMatchObject({ id: 'b1' });
      expect(await liveBindings.byName('acme', 'acme-1')).toMatchObject({ id: 'b1' });
      expect(await liveBindings.byName('acme', 'acme-9')).toBeUndefined();
      expect(await liveBindings.byName('other', 'acme-1')).toBeUndefined();
      await bindings.end('b1', LATER);
      expect(await bindings.binding('b1')).toMatchObject({ state: 'revoked', endedAt: LATER });
      expect(await liveBindings.byKey('key-1')).toBeUndefined();
      expect(await liveBindings.byName('acme', 'acme-1')).toBeUndefined();
      await bindings.open(binding({ id: 'b5' }));
      expect(await bindingHistory.ofUdid('acme-1')).toHaveLength(2);
    });

    it('allows one envelope per place in a chain and one received per id', async () => {
      const { envelopes } = db.stores;
      await envelopes.keep(envelope());
      await expect(envelopes.keep(envelope({ digest: 'd2', id: 'r2' }))).rejects.toThrow();
      await expect(envelopes.keep(envelope({ digest: 'd3', seq: 2 }))).rejects.toThrow();
      await envelopes.keep(envelope({ digest: 'd4', inChain: false, code: 'chain_fork' }));
      expect(await envelopes.inChain('k', 1)).toEqual({ digest: 'd1', prev: null });
      expect(await envelopes.receivedId('r1')).toBe('d1');
      expect(await envelopes.byDigest('d4')).toEqual(
        envelope({ digest: 'd4', inChain: false, code: 'chain_fork' }),
      );
    });

    it('gives undecided records in order of arrival, and of one chain in its own', async () => {
      const { records, queue } = db.stores;
      await keep(db.stores, record('r3', 3, { receivedAt: LATER }));
      await keep(db.stores, record('r2', 2));
      await keep(db.stores, record('r1', 1));
      expect(await queue.countPending(10)).toBe(3);
      expect(await queue.countPending(2)).toBe(2);
      expect((await queue.pending(10)).map(({ id }) => id)).toEqual(['r1', 'r2', 'r3']);
      await records.settle('r1', { outcome: 'held', code: 'operator_revoked', decidedAt: AT, binding: null });
      expect((await queue.pending(10)).map(({ id }) => id)).toEqual(['r2', 'r3']);
      expect(await records.held('northfield', 10)).toMatchObject([{ id: 'r1', header: { seq: 1 } }]);
      expect(await queue.heldAsRevoked('k')).toHaveLength(1);
      await records.attach('r1', 'b1', 'sam');
      expect(await records.record('r1')).toMatchObject({ outcome: null, code: null, binding: 'b1' });
    });

    it('gives what is undecided of some records and of their devices, reading only what is not at hand', async () => {
      const { records, queue } = db.stores;
      const late = record('r4', 4, { udid: 'acme-2', receivedAt: LATER });
      const nameless = record('r5', 5, { udid: null, receivedAt: LATER });
      for (const one of [late, nameless, record('r3', 3), record('r2', 2), record('r1', 1)])
        await keep(db.stores, one);
      await keep(db.stores, record('r6', 6, { udid: null }));
      const settled = { outcome: 'refused', code: null, decidedAt: AT, binding: null } as const;
      await records.settle('r2', settled);
      await records.attach('r4', 'b4', 'sam');
      const ids = (some: readonly StoredRecord[]) => some.map(({ id }) => id);
      // Of another one's device comes what is undecided, first; of the nameless, only those asked for.
      expect(ids(await queue.pendingOf(['r3', late, nameless, 'nobody'], 10))).toEqual([
        'r1',
        'r3',
        'r4',
        'r5',
      ]);
      expect(ids(await queue.pendingOf(['r3', late], 2))).toEqual(['r1', 'r3']);
      expect(await queue.pendingOf([], 10)).toEqual([]);
      // One at hand is given as it was received, and as far as it is now.
      const [one, read] = await queue.pendingOf([{ ...late, payload: 'at hand' }, 'r5'], 10);
      expect(one).toEqual({ ...late, payload: 'at hand', binding: 'b4', approvedBy: 'sam' });
      expect(read).toEqual(nameless);
      await records.settle('r4', settled);
      expect(await queue.pendingOf([late], 10)).toEqual([]);
    });

    it('sees outside a transaction only what is committed', async () => {
      const { queue } = db.stores;
      await keep(db.stores, record('r1', 1));
      const [inside, looked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const failing = db.transact(async (tx) => {
        await tx.records.settle('r1', { outcome: 'refused', code: null, decidedAt: AT, binding: null });
        await keep(tx, record('r2', 2));
        inside.resolve();
        await looked.promise;
        throw new Error('comes to nothing');
      });
      await inside.promise;
      // One engine waits until the other transaction has ended, the other does not: neither sees into it.
      const found = queue.pendingOf(['r1', 'r2'], 10);
      looked.resolve();
      await expect(failing).rejects.toThrow('comes to nothing');
      expect((await found).map(({ id }) => id)).toEqual(['r1']);
    });

    it('completes or abandons an intent once', async () => {
      const { intents, certificates, revocations, certificateStates } = db.stores;
      await intents.intend(intent, 'b1');
      expect(await intents.ofBinding('b1')).toMatchObject({ serial: '40', kind: 'tbs', digest: 'ff' });
      const [open] = await intents.unfinished();
      expect(Buffer.from(open?.intent.toBeSigned ?? '')).toEqual(Buffer.from([1, 2]));
      const signed = { der: Uint8Array.of(3), fingerprint: 'f1' };
      await certificates.issue('40', signed);
      await expect(certificates.issue('40', signed)).rejects.toThrow('no open intent');
      await intents.abandon('40');
      expect(await certificates.byFingerprint('f1')).toMatchObject({ serial: '40', revokedAt: null });
      expect(await revocations.revoke('40', LATER, 'superseded')).toEqual([NORTHFIELD]);
      expect(await revocations.revoke('40', AT, 'keyCompromise')).toEqual([]);
      const entries = [{ serial: '40', at: LATER, reason: 'superseded' }];
      expect(await certificateStates.revokedBy(NORTHFIELD)).toEqual(entries);
      await intents.intend({ ...intent, serial: '42' }, 'b3');
      const validity = { notBefore: LATER, notAfter: '2026-01-03T00:00:00.000Z' };
      await certificates.issue('42', { ...signed, fingerprint: 'f3', validity });
      expect(await certificates.newest('b3')).toMatchObject(validity);
      await intents.intend({ ...intent, serial: '43' }, 'b4');
      await db.inGroup((tx) => tx.certificates.issue('43', { ...signed, fingerprint: 'f4', validity }));
      expect(await certificates.newest('b4')).toMatchObject(validity);
      await intents.intend({ ...intent, serial: '41' }, 'b2');
      await intents.abandon('41');
      await expect(certificates.issue('41', { ...signed, fingerprint: 'f2' })).rejects.toThrow();
    });

    it('keeps whatever a phone may say', async () => {
      const { records, bindings } = db.stores;
      const hostile = { id: 'r', text: 'nul \0, half \ud800, \u{1f600}' };
      await keep(db.stores, record('r1', 2 ** 52, { payload: hostile }));
      const kept = await records.record('r1');
      expect(kept?.header.seq).toBe(2 ** 52);
      expect(kept?.payload).toEqual(hostile);
      await bindings.open(binding({ site: 'roof\0' }));
      expect((await bindings.binding('b1'))?.site).toMatch(/^roof/);
    });

    it('does for many records side by side what it does for one', async () => {
      const { liveBindings, records, queue, intents, certificates, listBulk } = db.stores;
      const ids = Array.from({ length: 30 }, (_, n) => `r${n}`);
      await db.inGroup(async (tx) => {
        await Promise.all(
          ids.map((id, n) => keep(tx, record(id, n + 1, { digest: `d${n}`, udid: `acme-${n}` }))),
        );
      });
      await listBulk.put([row('northfield', 'acme-3')]);
      const code = { outcome: 'noted', code: null, detail: null, at: AT, maker: null, udid: null } as const;
      const rest = { domain: null, unproven: null, fingerprint: null };
      await db.inGroup(async (tx) => {
        const found = await Promise.all(ids.map((id) => tx.records.record(id)));
        expect(found.map((one) => one?.id)).toEqual(ids);
        expect(await tx.records.record('nobody')).toBeUndefined();
        expect(await tx.list.row('real', 'acme', 'acme-3')).toMatchObject({ udid: 'acme-3' });
        expect(await tx.list.byKey('real', 'key of acme-3')).toHaveLength(1);
        expect(await tx.tombstones.anyLive(['t'])).toBe(false);
        for (const [n, id] of ids.entries()) {
          const own = { id: `b${n}`, udid: `acme-${n}`, keyDigest: `key-${n}`, registration: id };
          await tx.bindings.open(binding(own));
          await tx.intents.intend({ ...intent, serial: `40${n}` }, `b${n}`);
          await tx.records.attach(id, `b${n}`, null);
          await tx.changes.append('northfield', { record: id, ...code, ...rest });
          await audit(tx.audit, {
            at: AT,
            step: STEPS.issue,
            event: 'intended',
            actor: 'rules',
            org: null,
            subject: id,
          });
        }
      });
      expect(await records.record('r7')).toMatchObject({ binding: 'b7', outcome: null });
      expect(await intents.unfinished()).toHaveLength(30);
      expect(await liveBindings.byKey('key-7')).toMatchObject({ id: 'b7' });
      expect(await liveBindings.byName('acme', 'acme-8')).toMatchObject({ id: 'b8' });
      await db.inGroup(async (tx) => {
        expect(await tx.liveBindings.byKey('key-7')).toMatchObject({ id: 'b7' });
        expect(await tx.liveBindings.byName('acme', 'acme-8')).toMatchObject({ id: 'b8' });
        expect(await tx.liveBindings.byName('other', 'acme-8')).toBeUndefined();
        for (const [n, id] of ids.entries()) {
          await tx.certificates.issue(`40${n}`, { der: Uint8Array.of(n), fingerprint: `f${n}` });
          await tx.bindings.setState(`b${n}`, 'issued');
          await tx.records.settle(id, { outcome: 'bound', code: null, decidedAt: AT, binding: `b${n}` });
        }
      });
      expect(await certificates.byFingerprint('f9')).toMatchObject({ serial: '409', binding: 'b9' });
      expect(Buffer.from((await certificates.byFingerprint('f9'))?.der ?? '')).toEqual(Buffer.from([9]));
      expect(await queue.pending(10)).toEqual([]);
      expect((await db.stores.changes.after('northfield', 0, 100)).map(({ n }) => n)).toHaveLength(30);
      expect(await verifyAudit({ stores: db.stores, aud: 'test', crypto: nodeCrypto })).toMatchObject({
        ok: true,
        entries: 30,
      });
      // All or nothing: one that is taken, or an intent that is none any more, spoils it for all.
      const taken = db.inGroup(async (tx) => {
        await tx.records.settle('r1', { outcome: 'refused', code: null, decidedAt: AT, binding: null });
        await tx.bindings.open(binding({ id: 'b99', keyDigest: 'key-7', udid: 'acme-99' }));
      });
      await expect(taken).rejects.toThrow();
      const again = { der: Uint8Array.of(0), fingerprint: 'f99' };
      await expect(db.inGroup((tx) => tx.certificates.issue('405', again))).rejects.toThrow('no open intent');
      expect(await records.record('r1')).toMatchObject({ outcome: 'bound' });
    });

    it('claims what nobody has begun, and tells how far a record is', async () => {
      for (const [n, id] of ['r1', 'r2', 'r3'].entries())
        await keep(db.stores, record(id, n + 1, { digest: `d${n}`, udid: `acme-${n}` }));
      const settled = { outcome: 'refused', code: 'tombstoned', decidedAt: AT, binding: null } as const;
      await db.transact(async ({ records }) => {
        await records.attach('r2', 'b2', 'sam');
        await records.settle('r3', settled);
      });
      const ids = ['r3', 'r2', 'r1', 'nobody'];
      const claimAndLock = async ({ queue }: { readonly queue: Pick<DecisionQueue, 'claim' | 'lock'> }) => ({
        claimed: await queue.claim(ids),
        locked: await queue.lock(ids),
      });
      for (const { claimed, locked } of [await db.transact(claimAndLock), await db.inGroup(claimAndLock)]) {
        expect(claimed).toEqual(['r1']);
        expect(new Map(locked.map(({ id, ...rest }) => [id, rest]))).toEqual(
          new Map([
            ['r1', { outcome: null, binding: null, approvedBy: null }],
            ['r2', { outcome: null, binding: 'b2', approvedBy: 'sam' }],
            ['r3', { outcome: 'refused', binding: null, approvedBy: null }],
          ]),
        );
      }
    });

    it('counts places under a quota by one group at a time', async () => {
      const org = 'northfield';
      await db.stores.policies.save({ org, domain: null, policy: { quota: 1 } }, 'sam', AT);
      const both = Promise.withResolvers<void>();
      let inside = 0;
      const takes = (id: string) =>
        db.inGroup(async ({ quotas, bindings }) => {
          // SQLite lets the second one in when the first has ended. Elsewhere each waits for the other, so that both ask at once.
          inside += 1;
          if (inside === 2) both.resolve();
          if (name !== 'SQLite') await both.promise;
          const free = await quotas.takePlace(org, null, 1);
          if (free) await bindings.open(binding({ id, udid: id, keyDigest: id }));
          return free;
        });
      expect((await Promise.all([takes('b1'), takes('b2')])).sort()).toEqual([false, true]);
      expect(await db.stores.bindingHistory.ofOrg(org, 10)).toHaveLength(1);
    });

    it('sees the envelopes of its own group, prefetched or not', async () => {
      await db.stores.envelopes.keep(envelope());
      await db.inGroup(async ({ envelopes }) => {
        const [second, third] = [
          envelope({ digest: 'd2', seq: 2, prev: 'd1', id: 'r2' }),
          envelope({ digest: 'd3', seq: 3, prev: 'd2', id: 'r3' }),
        ];
        await envelopes.prefetch([
          { ...second, id: 'r2' },
          { digest: third.digest, kid: third.kid, seq: third.seq },
        ]);
        expect(await envelopes.byDigest('d1')).toMatchObject({ id: 'r1' });
        expect(await envelopes.inChain('k', 1)).toEqual({ digest: 'd1', prev: null });
        expect(await envelopes.inChain('k', 2)).toBeUndefined();
        await envelopes.keep(second);
        expect(await envelopes.inChain('k', 2)).toEqual({ digest: 'd2', prev: 'd1' });
        expect(await envelopes.receivedId('r2')).toBe('d2');
        await envelopes.keep(third);
        expect(await envelopes.receivedId('r3')).toBe('d3');
        expect(await envelopes.inChain('other', 1)).toBeUndefined();
      });
      expect(await db.stores.envelopes.inChain('k', 3)).toEqual({ digest: 'd3', prev: 'd2' });
    });
  });
}
