import { describe, expect, test } from 'vitest';
import { CHAIN_START } from '../../core/envelope.ts';
import { captureNext, certificate, change, digest, newRecord, ORG, START } from '../support/records.ts';
import { received, sendAll, type TestStorage, terms } from './outbox.suite.ts';

const COLLEAGUE = digest(950);

/** Records that came from a colleague's screen. */
export function takenSuite(make: () => Promise<TestStorage>): void {
  describe('a record taken by code', () => {
    test('is sent as it is, and no chain begins with it', async () => {
      const outbox = (await make()).open();
      const { row, jws } = newRecord({ seq: 6, digest: digest(1) }, { kid: COLLEAGUE });
      expect(await outbox.take({ row, jws })).toBe('taken');
      expect(await outbox.take({ row, jws })).toBe('known');
      expect(await outbox.head(COLLEAGUE)).toEqual(CHAIN_START);
      expect(await outbox.summary()).toMatchObject({ counts: { saved: 1 }, unsent: 1 });
      expect(await outbox.lease(terms())).toMatchObject([{ row: { id: row.id, origin: 'code' }, jws }]);
    });

    test('is refused where its key signs here: the chain goes on where it was', async () => {
      const outbox = (await make()).open();
      const first = await captureNext(outbox);
      const { row, jws } = newRecord({ seq: 0xfffffffe, digest: null }, { kid: first.row.kid });
      expect(await outbox.take({ row, jws })).toBe('own');
      expect(await outbox.record(row.id)).toBeUndefined();
      expect((await captureNext(outbox)).row.seq).toBe(2);
    });

    test('keeps its place by time beside those captured here', async () => {
      const outbox = (await make()).open();
      for (const udid of ['x', 'y']) await captureNext(outbox, { udid });
      const over = { kid: COLLEAGUE, udid: 'a', createdAt: START - 1000 };
      const early = newRecord({ seq: 40, digest: digest(1) }, over);
      await outbox.take(early);
      const late = await captureNext(outbox, { udid: 'a' });
      const order: string[] = [];
      for (let i = 0; i < 4; i++) {
        const [leased] = await outbox.lease(terms({ limit: 1, alone: true }));
        order.push(leased?.row.id ?? '');
        await outbox.settle([received(leased?.row.id ?? '')]);
      }
      expect(order.indexOf(early.row.id)).toBeLessThan(order.indexOf(late.row.id));
    });

    test('hears an outcome that was told before it came; nothing else changes when that is told again', async () => {
      const outbox = (await make()).open();
      const done = await captureNext(outbox, { udid: 'done' });
      const refused = await captureNext(outbox, { udid: 'refused' });
      await sendAll(outbox);
      const { row, jws } = newRecord({ seq: 3, digest: digest(1) }, { kid: COLLEAGUE });
      const at = (second: number) => ({ at: `2026-01-02T00:00:0${second}.000Z` });
      const all = [
        change(done.row.id, { certificate: certificate({ fingerprint: 'cd'.repeat(32) }), ...at(0) }),
        change(done.row.id, { outcome: 'refused', code: 'approval_refused', ...at(1) }),
        change(done.row.id, { certificate: certificate(), ...at(2) }),
        change(refused.row.id, { outcome: 'held', code: 'udid_only_row', ...at(3) }),
        change(refused.row.id, { outcome: 'refused', code: 'approval_refused', ...at(4) }),
        change(row.id, { certificate: certificate(), ...at(5) }),
      ];
      await outbox.applyChanges(ORG, 'c6', all);
      await captureNext(outbox, { typ: 'confirmation+jws', about: done.row.id, udid: 'done' });
      await sendAll(outbox);
      const before = [await outbox.record(done.row.id), await outbox.record(refused.row.id)];
      expect(before).toMatchObject([{ state: 'installed' }, { state: 'refused' }]);
      await outbox.applyChanges('other-org', 'c1', []);

      await outbox.take({ row, jws });
      expect(await outbox.cursor(ORG)).toBe('c6');
      await sendAll(outbox);
      expect([await outbox.cursor(ORG), await outbox.cursor('other-org')]).toEqual(['', 'c1']);
      // However the backend cuts them into answers.
      await outbox.applyChanges(ORG, 'c2', all.slice(0, 2));
      await outbox.applyChanges(ORG, 'c6', all.slice(2));
      expect(await outbox.record(row.id)).toMatchObject({ state: 'bound', certificate: certificate() });
      expect([await outbox.record(done.row.id), await outbox.record(refused.row.id)]).toEqual(before);
      expect((await outbox.certificatesWaiting()).map(({ id }) => id)).toEqual([row.id]);
      expect((await outbox.summary()).certificatesWaiting).toBe(1);
    });
  });
}
