import { describe, expect, test } from 'vitest';
import { CHAIN_START } from '../../core/envelope.ts';
import type { SendAgain } from '../../src/ports/again.ts';
import type { OutboxIntake } from '../../src/ports/keeping.ts';
import type { Capture, Outbox, OutboxView, Retry, Settlement } from '../../src/ports/outbox.ts';
import { captureNext, digest, newRecord, recordId, START } from '../support/records.ts';

export type OutboxSides = Capture &
  Outbox &
  OutboxView &
  Retry &
  OutboxIntake & { readonly again: SendAgain };

/** A storage of its own for one test; each `open` is another tab on it. */
export interface TestStorage {
  open(): OutboxSides;
}

export const terms = (over: Partial<Parameters<Outbox['lease']>[0]> = {}) => ({
  owner: 'page',
  now: START,
  until: START + 60_000,
  limit: 100,
  force: false,
  alone: false,
  ...over,
});

export const received = (id: string): Settlement => ({
  id,
  kind: 'received',
  receipt: `receipt of ${id}`,
  receiptDigest: digest(5000),
  receivedAt: '2026-01-02T00:00:00.000Z',
});

export const notSent = (id: string, nextAt = START + 5000): Settlement => ({
  id,
  kind: 'not_sent',
  fault: { code: 'no_answer', at: START },
  nextAt,
});

/** Leases everything free and says that it arrived. */
export async function sendAll(outbox: OutboxSides): Promise<void> {
  const leased = await outbox.lease(terms({ force: true }));
  await outbox.settle(leased.map(({ row }) => received(row.id)));
}

const ids = (leased: readonly { row: { id: string } }[]) => leased.map(({ row }) => row.id);

/** Capture, leases and settlement; outbox-decisions.suite.ts has the rest. */
export function outboxSuite(make: () => Promise<TestStorage>): void {
  describe('capture', () => {
    test('a key that signed nothing is at the start of its chain', async () => {
      const outbox = (await make()).open();
      expect(await outbox.head(digest(900))).toEqual(CHAIN_START);
    });

    test('stores row, envelope and head together', async () => {
      const outbox = (await make()).open();
      const record = newRecord(CHAIN_START);
      expect(await outbox.append(record)).toBe('stored');
      expect(await outbox.record(record.row.id)).toEqual(record.row);
      expect(await outbox.head(record.row.kid)).toEqual(record.head);
      expect(await outbox.lease(terms())).toMatchObject([{ row: { id: record.row.id }, jws: record.jws }]);
    });

    test('writes nothing when the head moved', async () => {
      const outbox = (await make()).open();
      const first = await captureNext(outbox);
      const late = newRecord(CHAIN_START);
      expect(await outbox.append(late)).toBe('head_moved');
      expect(await outbox.record(late.row.id)).toBeUndefined();
      expect((await outbox.head(first.row.kid)).digest).toBe(first.row.digest);
      expect((await outbox.summary()).unsent).toBe(1);
    });

    test('a repeated append is stored once, even after others followed', async () => {
      const outbox = (await make()).open();
      const record = newRecord(CHAIN_START);
      await outbox.append(record);
      expect(await outbox.append(record)).toBe('stored');
      const next = await captureNext(outbox);
      expect(await outbox.append(record)).toBe('stored');
      expect((await outbox.head(record.row.kid)).digest).toBe(next.row.digest);
      expect((await outbox.summary()).unsent).toBe(2);
    });

    test('the same id signed anew never replaces the first envelope', async () => {
      const outbox = (await make()).open();
      const record = newRecord(CHAIN_START);
      await outbox.append(record);
      const again = newRecord(CHAIN_START, { id: record.row.id });
      expect(await outbox.append(again)).toBe('head_moved');
      const rightHead = newRecord(record.head, { id: record.row.id });
      await expect(outbox.append(rightHead)).rejects.toThrow();
      expect(await outbox.head(record.row.kid)).toEqual(record.head);
      expect((await outbox.lease(terms())).map(({ jws }) => jws)).toEqual([record.jws]);
    });

    test('two tabs that capture at once make one unbroken chain and lose nothing', async () => {
      const storage = await make();
      const tabs = [storage.open(), storage.open()];
      const links = new Map<number, { prev: string | null; digest: string }>();
      const capture = async (tab: OutboxSides) => {
        for (let made = 0; made < 25; ) {
          const record = newRecord(await tab.head(digest(900)));
          if ((await tab.append(record)) !== 'stored') continue;
          links.set(record.row.seq, { prev: record.after.digest, digest: record.row.digest });
          made++;
        }
      };
      await Promise.all(tabs.map(capture));
      expect(links.size).toBe(50);
      for (let seq = 2; seq <= 50; seq++) expect(links.get(seq)?.prev).toBe(links.get(seq - 1)?.digest);
      expect((await storage.open().page(100)).length).toBe(50);
    });

    test('chains of two operator keys do not touch each other', async () => {
      const outbox = (await make()).open();
      await captureNext(outbox, { kid: digest(901) });
      const other = await captureNext(outbox, { kid: digest(902) });
      expect(other.row.seq).toBe(1);
      expect((await outbox.head(digest(901))).seq).toBe(1);
    });
  });

  describe('leases', () => {
    test('come in chain order, at most as many as asked for', async () => {
      const outbox = (await make()).open();
      for (const udid of ['c', 'a', 'b']) await captureNext(outbox, { udid });
      const leased = await outbox.lease(terms({ limit: 2 }));
      expect(leased.map(({ row }) => row.seq)).toEqual([1, 2]);
      expect(leased.every(({ row }) => row.state === 'sending')).toBe(true);
    });

    test('keep another owner off until they run out, and never their own', async () => {
      const storage = await make();
      const [page, worker] = [storage.open(), storage.open()];
      const { row } = await captureNext(page);
      const until = START + 60_000;
      await page.lease(terms({ until }));
      expect(await worker.lease(terms({ owner: 'worker', now: until - 1, force: true }))).toEqual([]);
      expect(ids(await page.lease(terms({ until })))).toEqual([row.id]);
      const taken = await worker.lease(terms({ owner: 'worker', now: until, until: until + 1 }));
      expect(taken).toMatchObject([{ row: { leaseOwner: 'worker', leaseUntil: until + 1 } }]);
    });

    test('two owners at once never hold the same record', async () => {
      const storage = await make();
      const [page, worker] = [storage.open(), storage.open()];
      for (let i = 0; i < 20; i++) await captureNext(page, { udid: `d-${i}` });
      const both = await Promise.all([
        page.lease(terms({ limit: 12 })),
        worker.lease(terms({ owner: 'worker', limit: 12 })),
      ]);
      const all = both.flatMap(ids);
      expect(all.length).toBe(20);
      expect(new Set(all).size).toBe(20);
    });

    test('wait for nothing that a clock ahead of the time has noted down', async () => {
      const storage = await make();
      const [page, worker] = [storage.open(), storage.open()];
      const { row } = await captureNext(page);
      const later = START + 400 * 24 * 3_600_000;
      await page.lease(terms({ now: later, until: later + 60_000 }));
      // A crash at that moment left the lease; the clock was set right since.
      expect(ids(await worker.lease(terms({ owner: 'worker', until: START + 60_000 })))).toEqual([row.id]);
      await worker.settle([notSent(row.id, later)]);
      expect(ids(await page.lease(terms()))).toEqual([row.id]);
      await page.settle([notSent(row.id, START + 3_600_000)]);
      expect(await page.lease(terms())).toEqual([]);
    });

    test('wait for the back-off unless a person asked', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await outbox.lease(terms());
      await outbox.settle([notSent(row.id, START + 5000)]);
      expect(await outbox.lease(terms({ now: START + 4999 }))).toEqual([]);
      expect(ids(await outbox.lease(terms({ now: START + 4999, force: true })))).toEqual([row.id]);
      await outbox.settle([notSent(row.id, START + 5000)]);
      expect(ids(await outbox.lease(terms({ now: START + 5000 })))).toEqual([row.id]);
    });
  });

  describe('lanes', () => {
    test("one device's later record waits for its earlier one, another device's does not", async () => {
      const outbox = (await make()).open();
      const first = await captureNext(outbox, { udid: 'a' });
      await captureNext(outbox, { udid: 'a' });
      const other = await captureNext(outbox, { udid: 'b' });
      await outbox.lease(terms({ limit: 1 }));
      await outbox.settle([notSent(first.row.id)]);
      expect(ids(await outbox.lease(terms()))).toEqual([other.row.id]);
    });

    test('waits too while another drain has the earlier one', async () => {
      const outbox = (await make()).open();
      await captureNext(outbox, { udid: 'a' });
      await captureNext(outbox, { udid: 'a' });
      await outbox.lease(terms({ owner: 'worker', limit: 1 }));
      expect(await outbox.lease(terms({ force: true }))).toEqual([]);
    });

    test('what travels, unmarked, holds later ones of its device back', async () => {
      const outbox = (await make()).open();
      const first = await captureNext(outbox, { udid: 'a' });
      await captureNext(outbox, { udid: 'a' });
      const other = await captureNext(outbox, { udid: 'b' });
      expect(ids(await outbox.lease(terms({ alone: true, limit: 1 })))).toEqual([first.row.id]);
      const besides = new Set([first.row.id]);
      expect(ids(await outbox.lease(terms({ alone: true, force: true, besides })))).toEqual([other.row.id]);
    });

    test('an earlier record that fell back holds a later one that is still leased', async () => {
      const outbox = (await make()).open();
      const first = await captureNext(outbox, { udid: 'a' });
      const second = await captureNext(outbox, { udid: 'a' });
      await outbox.lease(terms());
      await outbox.settle([notSent(first.row.id)]);
      expect(await outbox.lease(terms())).toEqual([]);
      const order: string[] = [];
      for (let i = 0; i < 2; i++) {
        const leased = await outbox.lease(terms({ now: START + 5000 }));
        order.push(...ids(leased));
        await outbox.settle(ids(leased).map(received));
      }
      expect(order).toEqual([first.row.id, second.row.id]);
    });

    test('hold over a new operator key, whose numbers begin anew', async () => {
      const outbox = (await make()).open();
      await captureNext(outbox, { udid: 'x', kid: digest(901) });
      const before = await captureNext(outbox, { udid: 'a', kid: digest(901) });
      const after = await captureNext(outbox, { udid: 'a', kid: digest(902) });
      const order: string[] = [];
      for (let i = 0; i < 3; i++) {
        const leased = await outbox.lease(terms());
        order.push(...ids(leased));
        await outbox.settle(ids(leased).map(received));
      }
      expect(order.indexOf(after.row.id)).toBeGreaterThan(order.indexOf(before.row.id));
      expect(order).toHaveLength(3);
    });

    test('a record the server cannot take frees the lane', async () => {
      const outbox = (await make()).open();
      const first = await captureNext(outbox, { udid: 'a' });
      const second = await captureNext(outbox, { udid: 'a' });
      await outbox.lease(terms({ limit: 1 }));
      await outbox.settle([{ id: first.row.id, kind: 'rejected', code: 'payload_invalid' }]);
      expect(ids(await outbox.lease(terms()))).toEqual([second.row.id]);
    });
  });

  describe('settlement', () => {
    test('received: the lease ends and the fault is forgotten', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await outbox.lease(terms());
      await outbox.settle([notSent(row.id, START)]);
      await outbox.lease(terms());
      await outbox.settle([received(row.id)]);
      expect(await outbox.record(row.id)).toMatchObject({
        state: 'received',
        leaseOwner: null,
        leaseUntil: 0,
        fault: null,
        receivedAt: '2026-01-02T00:00:00.000Z',
      });
    });

    test('not sent: back to saved, with why and when next, each time counted', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      for (const attempts of [1, 2]) {
        await outbox.lease(terms({ force: true }));
        await outbox.settle([notSent(row.id, START + attempts)]);
        expect(await outbox.record(row.id)).toMatchObject({
          state: 'saved',
          attempts,
          nextAt: START + attempts,
          fault: { code: 'no_answer', at: START },
          leaseOwner: null,
        });
      }
    });

    test('rejected: stays on the phone with the code and is not sent again', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await outbox.lease(terms());
      await outbox.settle([{ id: row.id, kind: 'rejected', code: 'chain_fork' }]);
      expect(await outbox.record(row.id)).toMatchObject({ state: 'rejected', code: 'chain_fork' });
      expect(await outbox.lease(terms({ force: true }))).toEqual([]);
    });

    test('rejected, then tried again by a person: due at once with the same bytes', async () => {
      const outbox = (await make()).open();
      const { row, jws } = await captureNext(outbox);
      await outbox.lease(terms());
      await outbox.settle([{ id: row.id, kind: 'rejected', code: 'version_unknown' }]);
      await outbox.retry(row.id);
      expect(await outbox.record(row.id)).toMatchObject({ state: 'saved', code: null });
      expect(await outbox.lease(terms())).toMatchObject([{ row: { id: row.id }, jws }]);
      await outbox.retry(row.id);
      expect(await outbox.record(row.id)).toMatchObject({ state: 'sending' });
    });

    test('leased by a drain that died: whoever is alone takes it over at once', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await outbox.lease(terms({ owner: 'died' }));
      expect(await outbox.lease(terms({ owner: 'page', force: true }))).toEqual([]);
      expect(ids(await outbox.lease(terms({ owner: 'page', alone: true })))).toEqual([row.id]);
      await outbox.settle([received(row.id)]);
      expect(await outbox.record(row.id)).toMatchObject({ state: 'received', leaseOwner: null });
    });

    test('whoever is alone leaves no mark, and what it settles counts', async () => {
      const outbox = (await make()).open();
      for (const udid of ['a', 'b', 'c']) await captureNext(outbox, { udid });
      const before = await outbox.page(10);
      const [first, second, third] = await outbox.lease(terms({ alone: true }));
      expect(await outbox.page(10)).toEqual(before);
      expect(await outbox.summary()).toMatchObject({ counts: { saved: 3 }, unsent: 3 });
      await outbox.settle([
        received(first?.row.id ?? ''),
        notSent(second?.row.id ?? '', START + 5000),
        { id: third?.row.id ?? '', kind: 'rejected', code: 'payload_invalid' },
      ]);
      const states = (await outbox.page(10)).map(({ state }) => state).sort();
      expect(states).toEqual(['received', 'rejected', 'saved']);
      expect((await outbox.summary()).counts).toMatchObject({ received: 1, rejected: 1, saved: 1 });
      expect(ids(await outbox.lease(terms({ alone: true })))).toEqual([]);
    });

    test('a late or unknown settlement changes nothing', async () => {
      const outbox = (await make()).open();
      const { row } = await captureNext(outbox);
      await sendAll(outbox);
      const before = await outbox.record(row.id);
      await outbox.settle([
        notSent(row.id),
        { id: row.id, kind: 'rejected', code: 'chain_fork' },
        notSent(recordId(0xffffff)),
      ]);
      expect(await outbox.record(row.id)).toEqual(before);
      expect(await outbox.record(recordId(0xffffff))).toBeUndefined();
    });
  });
}
