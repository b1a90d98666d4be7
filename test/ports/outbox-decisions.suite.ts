import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { recount } from '../support/memory-outbox.ts';
import { PATIENCE } from '../support/patience.ts';
import { captureNext, certificate, change, digest, ORG, recordId, START } from '../support/records.ts';
import { notSent, type OutboxSides, received, sendAll, type TestStorage, terms } from './outbox.suite.ts';

/** Outcomes, counts and what screens read. */
export function decisionsSuite(make: () => Promise<TestStorage>, runs: number): void {
  describe('outcomes', () => {
    test('a bound record shows its certificate, and its confirmation takes it off the list', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await sendAll(outbox);
      const bound = change(row.id, { certificate: certificate(), unproven: true });
      await outbox.applyChanges(ORG, 'c1', [bound]);
      expect(await outbox.record(row.id)).toMatchObject({
        state: 'bound',
        certificate: certificate(),
        unproven: true,
        decidedAt: bound.at,
      });
      expect((await outbox.certificatesWaiting()).map((one) => one.id)).toEqual([row.id]);
      expect((await outbox.summary()).certificatesWaiting).toBe(1);
      await captureNext(outbox, { typ: 'confirmation+jws', about: row.id, udid: row.udid });
      expect((await outbox.record(row.id))?.state).toBe('installed');
      expect(await outbox.certificatesWaiting()).toEqual([]);
      expect((await outbox.summary()).certificatesWaiting).toBe(0);
    });

    test('a void leaves the registration it speaks of as it is', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await sendAll(outbox);
      await outbox.applyChanges(ORG, 'c1', [change(row.id)]);
      await captureNext(outbox, { typ: 'void+jws', about: row.id });
      expect((await outbox.record(row.id))?.state).toBe('bound');
    });

    test('held, then refused with a code and words', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await sendAll(outbox);
      await outbox.applyChanges(ORG, 'c1', [change(row.id, { outcome: 'held', code: 'udid_only_row' })]);
      expect(await outbox.record(row.id)).toMatchObject({
        state: 'held',
        code: 'udid_only_row',
        detail: null,
      });
      const refused = change(row.id, { outcome: 'refused', code: 'approval_refused', detail: 'not ours' });
      await outbox.applyChanges(ORG, 'c2', [refused]);
      expect(await outbox.record(row.id)).toMatchObject({
        state: 'refused',
        code: 'approval_refused',
        detail: 'not ours',
      });
    });

    test('one ahead of its receipt takes effect with the receipt, not before and not never', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await outbox.lease(terms());
      await outbox.applyChanges(ORG, 'c1', [
        change(row.id, { outcome: 'held' }),
        change(row.id, { certificate: certificate() }),
      ]);
      expect(await outbox.record(row.id)).toMatchObject({ state: 'sending', certificate: null });
      await outbox.settle([notSent(row.id, START)]);
      expect((await outbox.record(row.id))?.state).toBe('saved');
      await sendAll(outbox);
      expect(await outbox.record(row.id)).toMatchObject({ state: 'bound', certificate: certificate() });
      expect((await outbox.summary()).certificatesWaiting).toBe(1);
    });

    test('of a record this phone never had is passed over, and the cursor moves', async () => {
      const outbox = (await make()).open();
      await outbox.applyChanges(ORG, 'c9', [change(recordId(0xfffff0))]);
      expect(await outbox.cursor(ORG)).toBe('c9');
      expect(await outbox.page(10)).toEqual([]);
    });

    test('each organisation has its own cursor', async () => {
      const outbox = (await make()).open();
      expect(await outbox.cursor(ORG)).toBe('');
      await outbox.applyChanges(ORG, 'c1', []);
      await outbox.applyChanges('other-org', 'c2', []);
      expect(await outbox.cursor(ORG)).toBe('c1');
      expect(await outbox.cursor('other-org')).toBe('c2');
    });
  });

  describe('what screens read', () => {
    test('pages go newest first without leaving one out, however many share a millisecond', async () => {
      const outbox = (await make()).open();
      for (const at of [1, 2, 2, 2, 3, 4]) await captureNext(outbox, { createdAt: START + at });
      const seen: number[] = [];
      let before: number | undefined;
      for (;;) {
        const rows = await outbox.page(2, before);
        if (rows.length === 0) break;
        seen.push(...rows.map((row) => row.createdAt - START));
        before = rows.at(-1)?.createdAt;
      }
      expect(seen).toEqual([4, 3, 2, 2, 2, 1]);
    });

    test("one device's records, newest first, and no other's", async () => {
      const outbox = (await make()).open();
      const first = await captureNext(outbox, { udid: 'a' });
      await captureNext(outbox, { udid: 'a-1' });
      const last = await captureNext(outbox, { udid: 'a' });
      expect((await outbox.ofDevice('a')).map((row) => row.id)).toEqual([last.row.id, first.row.id]);
      expect(await outbox.ofDevice('b')).toEqual([]);
    });

    test('the oldest unsent is the one captured first, whichever key signed it', async () => {
      const outbox = (await make()).open();
      await captureNext(outbox, { udid: 'x', kid: digest(901) });
      const oldest = await captureNext(outbox, { udid: 'a', kid: digest(901) });
      const [first] = await outbox.lease(terms({ limit: 1 }));
      await outbox.settle([received(first?.row.id ?? '')]);
      await captureNext(outbox, { udid: 'b', kid: digest(902) });
      expect((await outbox.summary()).oldestUnsentAt).toBe(oldest.row.createdAt);
      // Under way it waits as much as before.
      await outbox.lease(terms({ limit: 1 }));
      expect((await outbox.summary()).oldestUnsentAt).toBe(oldest.row.createdAt);
    });

    test('a change is told here and in other tabs, until one stops listening', async () => {
      const storage = await make();
      const [here, there] = [storage.open(), storage.open()];
      const told = { here: vi.fn(), there: vi.fn(), gone: vi.fn() };
      here.subscribe(told.here);
      there.subscribe(told.there);
      here.subscribe(told.gone)();
      await captureNext(here);
      await vi.waitFor(() => expect(told.there).toHaveBeenCalled(), PATIENCE);
      expect(told.here).toHaveBeenCalled();
      expect(told.gone).not.toHaveBeenCalled();
    });
  });

  test('the summary always equals a recount, and an envelope is never lost or changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        const storage = await make();
        const tabs = [storage.open(), storage.open()] as const;
        const captured = new Map<string, string>();
        for (const act of operations) {
          await perform(act, tabs[act.tab], captured);
          const rows = await tabs[0].page(1000);
          expect(nonZero(await tabs[1].summary())).toEqual(recount(rows));
          expect(new Set(rows.map((row) => row.id))).toEqual(new Set(captured.keys()));
        }
        await expectAllEnvelopes(tabs[0], captured);
      }),
      { numRuns: runs },
    );
  });
}

const operation = fc.record({
  tab: fc.constantFrom(0, 1),
  kind: fc.constantFrom(
    'capture',
    'capture',
    'lease',
    'received',
    'not_sent',
    'rejected',
    'change',
    'confirm',
    'received_again',
    'rejected_again',
    'revive',
  ),
  pick: fc.nat(1000),
  outcome: fc.constantFrom('bound', 'held', 'refused', 'noted'),
  force: fc.boolean(),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

async function perform(act: Operation, outbox: OutboxSides, captured: Map<string, string>): Promise<void> {
  const id = [...captured.keys()][act.pick % Math.max(1, captured.size)] ?? recordId(0xfffff1);
  switch (act.kind) {
    case 'capture': {
      const over = { udid: `d-${act.pick % 3}`, kid: digest(900 + (act.pick % 2)) };
      const { row, jws } = await captureNext(outbox, over);
      captured.set(row.id, jws);
      return;
    }
    case 'confirm': {
      const { row, jws } = await captureNext(outbox, { typ: 'confirmation+jws', about: id });
      captured.set(row.id, jws);
      return;
    }
    case 'lease':
      await outbox.lease(terms({ owner: `tab-${act.tab}`, limit: 1 + (act.pick % 4), force: act.force }));
      return;
    case 'received':
      return outbox.settle([received(id)]);
    case 'not_sent':
      return outbox.settle([notSent(id)]);
    case 'rejected':
      return outbox.settle([{ id, kind: 'rejected', code: 'payload_invalid' }]);
    case 'received_again':
      return outbox.again.settleAgain([received(id)]);
    case 'rejected_again':
      return outbox.again.settleAgain([{ id, kind: 'rejected', code: 'org_not_entitled' }]);
    case 'revive':
      return outbox.again.revive([id]);
    case 'change': {
      const certified = act.force ? { certificate: certificate() } : {};
      return outbox.applyChanges(ORG, `c${act.pick}`, [change(id, { outcome: act.outcome, ...certified })]);
    }
  }
}

/** Counts that came back to zero say the same as counts that are absent. */
function nonZero(summary: Awaited<ReturnType<OutboxSides['summary']>>) {
  return {
    ...summary,
    counts: Object.fromEntries(Object.entries(summary.counts).filter(([, count]) => count !== 0)),
  };
}

/** Whatever is unsent can still be leased, earlier records first, with the envelope it was captured with. */
async function expectAllEnvelopes(outbox: OutboxSides, captured: ReadonlyMap<string, string>): Promise<void> {
  const { unsent } = await outbox.summary();
  let seen = 0;
  for (;;) {
    const leased = await outbox.lease(terms({ now: START + 1e9, until: START + 2e9, force: true, limit: 7 }));
    if (leased.length === 0) break;
    for (const { row, jws } of leased) expect(jws).toBe(captured.get(row.id));
    seen += leased.length;
    await outbox.settle(leased.map(({ row }) => received(row.id)));
  }
  expect(seen).toBe(unsent);
}
