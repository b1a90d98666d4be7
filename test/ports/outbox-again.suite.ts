import { describe, expect, test } from 'vitest';
import { NO_ACCORD } from '../../src/ports/again.ts';
import {
  captureNext,
  certificate,
  change,
  digest,
  newRecord,
  ORG,
  recordId,
  START,
} from '../support/records.ts';
import { notSent, received, sendAll, type TestStorage, terms } from './outbox.suite.ts';

const [ONE, TWO] = [certificate(), certificate({ fingerprint: 'cd'.repeat(32) })];
const at = (day: number) => ({ at: `2026-01-0${day}T00:00:00.000Z` });
const again = { of: 3, done: 0, putBack: true, isOver: false };
const anew = (id: string) => ({ ...received(id), receipt: `new receipt of ${id}` });

/** What a backend had signed for and lost, and what it decides anew. */
export function againSuite(make: () => Promise<TestStorage>): void {
  describe('what the backend lost', () => {
    test('is found by its numbers, in the order of its chains, with what proves it', async () => {
      const outbox = (await make()).open();
      for (const kid of [902, 901, 902, 901]) await captureNext(outbox, { kid: digest(kid) });
      const all = await outbox.again.rowsWhere(() => true);
      expect(all.map(({ kid, seq }) => [kid, seq])).toEqual([
        [digest(902), 1],
        [digest(902), 2],
        [digest(901), 1],
        [digest(901), 2],
      ]);
      expect((await outbox.again.rowsWhere(({ seq }) => seq === 2)).map(({ seq }) => seq)).toEqual([2, 2]);
      expect((await outbox.again.chains()).sort((a, b) => (a.kid < b.kid ? -1 : 1))).toEqual([
        { kid: digest(901), seq: 2 },
        { kid: digest(902), seq: 2 },
      ]);
      const [first] = all;
      if (first === undefined) throw new Error('nothing found');
      const unknown = recordId(0xffffff);
      expect(await outbox.again.papers([first.id, unknown])).toEqual(
        new Map([[first.id, { jws: `envelope of ${first.digest}`, receipts: [] }]]),
      );
      await sendAll(outbox);
      expect((await outbox.again.papers([first.id])).get(first.id)?.receipts).toEqual([
        `receipt of ${first.id}`,
      ]);
    });

    test('more than is read at a time is found too', async () => {
      const outbox = (await make()).open();
      const made: string[] = [];
      for (let i = 0; i < 620; i++) made.push((await captureNext(outbox)).row.id);
      expect((await outbox.again.rowsWhere(() => true)).map(({ id }) => id)).toEqual(made);
    });

    test('of a colleague, taken by code, counts among the chains by its highest number', async () => {
      const outbox = (await make()).open();
      for (const seq of [6, 3])
        await outbox.take(newRecord({ seq, digest: digest(1) }, { kid: digest(950), udid: `d-${seq}` }));
      expect(await outbox.again.chains()).toEqual([{ kid: digest(950), seq: 7 }]);
    });

    test('is counted as it comes back, keeps its state and its first receipt', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      const other = await captureNext(outbox, { udid: 'other' });
      await sendAll(outbox);
      await outbox.applyChanges(ORG, 'c', [change(row.id, { certificate: ONE })]);
      await outbox.again.noteAccord({}, again);
      const before = await outbox.record(row.id);
      const counts = (await outbox.summary()).counts;
      await outbox.again.settleAgain([anew(row.id), received(other.row.id), notSent(recordId(0xffffff))]);
      expect(await outbox.record(row.id)).toEqual(before);
      expect((await outbox.summary()).counts).toEqual(counts);
      expect((await outbox.summary()).again).toEqual({ ...again, done: 2 });
      const papers = await outbox.again.papers([row.id, other.row.id]);
      expect(papers.get(row.id)?.receipts).toEqual([`receipt of ${row.id}`, `new receipt of ${row.id}`]);
      expect(papers.get(other.row.id)?.receipts).toEqual([`receipt of ${other.row.id}`]);
      await outbox.again.noteAccord({}, null);
      expect((await outbox.summary()).again).toBeUndefined();
    });

    test('is rejected where that is signed now, whatever it was, and may be tried again', async () => {
      const outbox = (await make()).open();
      const { row, jws } = await captureNext(outbox);
      await sendAll(outbox);
      await outbox.applyChanges(ORG, 'c', [change(row.id, { certificate: ONE })]);
      await outbox.again.settleAgain([{ id: row.id, kind: 'rejected', code: 'org_not_entitled' }]);
      expect(await outbox.record(row.id)).toMatchObject({ state: 'rejected', code: 'org_not_entitled' });
      expect(await outbox.summary()).toMatchObject({ counts: { rejected: 1 }, certificatesWaiting: 0 });
      await outbox.again.revive([row.id]);
      expect(await outbox.lease(terms())).toMatchObject([{ row: { id: row.id }, jws }]);
    });

    test('waits no longer once it is revived; what is decided stays as it is', async () => {
      const outbox = (await make()).open();
      const waits = await captureNext(outbox, { udid: 'waits' });
      await outbox.lease(terms());
      await outbox.settle([notSent(waits.row.id, START + 1e9)]);
      const decided = await captureNext(outbox, { udid: 'decided' });
      await sendAll(outbox);
      await outbox.settle([notSent(waits.row.id, START + 1e9)]);
      await outbox.again.revive([waits.row.id, decided.row.id, recordId(0xffffff)]);
      expect((await outbox.record(decided.row.id))?.state).toBe('received');
      expect((await outbox.summary()).unsent).toBe(0);
    });
  });

  describe('an accord', () => {
    test('is remembered by every tab, what changes and what does not', async () => {
      const storage = await make();
      const [here, worker] = [storage.open(), storage.open()];
      expect(await here.again.accord()).toEqual(NO_ACCORD);
      await here.again.noteAccord({ era: 'x'.repeat(22), at: START });
      await worker.again.noteAccord({ signedIn: true });
      expect(await here.again.accord()).toEqual({
        ...NO_ACCORD,
        era: 'x'.repeat(22),
        at: START,
        signedIn: true,
      });
      expect((await here.summary()).again).toBeUndefined();
    });
  });

  describe('decided anew', () => {
    test('what is in its device is installed again once it is bound to the same certificate', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await sendAll(outbox);
      await outbox.applyChanges(ORG, 'c1', [change(row.id, { certificate: ONE, ...at(2) })]);
      await captureNext(outbox, { typ: 'confirmation+jws', about: row.id, udid: row.udid });
      await outbox.applyChanges(ORG, 'c2', [change(row.id, { outcome: 'held', ...at(3) })]);
      expect((await outbox.record(row.id))?.state).toBe('held');
      await outbox.applyChanges(ORG, 'c3', [change(row.id, { certificate: ONE, ...at(4) })]);
      expect((await outbox.record(row.id))?.state).toBe('installed');
      expect((await outbox.summary()).certificatesWaiting).toBe(0);
    });

    test('bound to another one, that waits for its device, also when the old story is told again', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await sendAll(outbox);
      await outbox.applyChanges(ORG, 'c1', [change(row.id, { certificate: ONE, ...at(2) })]);
      await captureNext(outbox, { typ: 'confirmation+jws', about: row.id, udid: row.udid });
      const story = [
        change(row.id, { outcome: 'held', ...at(3) }),
        change(row.id, { certificate: TWO, ...at(4) }),
      ];
      for (let i = 0; i < 2; i++) {
        await outbox.applyChanges(ORG, 'c2', story);
        expect(await outbox.record(row.id)).toMatchObject({ state: 'bound', certificate: TWO });
        expect((await outbox.summary()).certificatesWaiting).toBe(1);
      }
    });

    test('what a new era says first counts, though it was said before; told again in that era it is past', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await sendAll(outbox);
      const held = change(row.id, { outcome: 'held', ...at(2) });
      await outbox.applyChanges(ORG, 'c1', [held, change(row.id, { certificate: ONE, ...at(4) })]);
      await captureNext(outbox, { typ: 'confirmation+jws', about: row.id, udid: row.udid });
      await outbox.applyChanges(ORG, 'c2', [held]);
      expect((await outbox.record(row.id))?.state).toBe('installed');
      const era = 'x'.repeat(22);
      await outbox.applyChanges(ORG, 'e1', [held], era);
      expect((await outbox.record(row.id))?.state).toBe('held');
      await outbox.applyChanges(ORG, 'e2', [change(row.id, { certificate: ONE, ...at(5) })], era);
      await outbox.applyChanges(ORG, 'e1', [held], era);
      expect((await outbox.record(row.id))?.state).toBe('installed');
    });
  });
}
