import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListChanges, ListChangesAnswer } from '../../contract/list-changes.ts';
import { parseJws } from '../../core/jws.ts';
import { listChanges } from '../../server/phones/list-changes.ts';
import type { ListChange } from '../../server/ports/list-feed.ts';
import { REAL_SCOPE } from '../../server/ports/orgs.ts';
import { listChecks as checksOf, listPhone as phoneOf } from '../support/list-phone.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';

let server: TestServer;
let ines: TestOperator;
let hanna: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
  hanna = await server.signIn('hanna');
});
afterAll(() => closeFaultless(server));

const SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
let filled = 0;
/** Rows of devices that nobody has. */
async function fill(org: string, count: number): Promise<void> {
  const { transact } = server.running.installation;
  for (let at = 0; at < count; at += 500)
    await transact((tx) =>
      tx.listBulk.put(
        Array.from({ length: Math.min(500, count - at) }, () => ({
          scope: REAL_SCOPE,
          org,
          row: {
            ...{ maker: 'bulk', udid: `bulk-${filled++}`, aliases: [], anchor: 'key' as const },
            publicKey: Buffer.concat([SPKI, randomBytes(64)]).toString('base64url'),
          },
          ...{ importedBy: 'test', importedAt: new Date().toISOString(), signedBy: null, handedTo: null },
        })),
      ),
    );
}

const bind = (device: TestDevice) =>
  ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');

describe('a list of any size', () => {
  it('is the same to phone and backend for its first, a middle and its last row, and for what is on none', async () => {
    const phone = await phoneOf(ines);
    const hers = await phoneOf(hanna);
    const devices = [await server.listedDevice()];
    await fill('northfield', 10_000);
    devices.push(await server.listedDevice());
    await fill('northfield', 10_001);
    devices.push(await server.listedDevice());
    await fill('hanna-home', 30_000);
    expect([await phone.refresh(), await hers.refresh()]).toEqual([{ ok: true }, { ok: true }]);
    expect((await phone.listOf('northfield')).rows).toHaveLength(20_000);
    for (const device of devices) {
      expect(await checksOf(phone, 'northfield', device)).toEqual(['passed', 'passed']);
      expect(await checksOf(hers, 'hanna-home', device)).toEqual(['passed', 'passed']);
      expect(await bind(device)).toMatchObject({ outcome: 'bound' });
    }
    const unknown = await makeDevice();
    expect(await checksOf(phone, 'northfield', unknown)).toEqual(['unknown_device', 'list_not_on_phone']);
    expect(await bind(unknown)).toMatchObject({ code: 'unknown_device' });
    // No answer is large, however many there are.
    expect(Math.max(...phone.bytes, ...hers.bytes)).toBeLessThan(2 * 1024 * 1024);
  });

  it('costs a phone that has it what has changed, and nothing where nothing has', async () => {
    const phone = await phoneOf(ines);
    await phone.refresh();
    phone.bytes.length = 0;
    await phone.refresh();
    expect(phone.bytes).toEqual([]);
    await fill('hanna-home', 100);
    const device = await server.listedDevice();
    await phone.refresh();
    expect(phone.bytes).toHaveLength(1);
    expect(phone.bytes[0]).toBeLessThan(5_000);
    expect(await checksOf(phone, 'northfield', device)).toEqual(['passed', 'passed']);
  });

  it('that is not here whole says of nobody that they are on none, and the record goes on', async () => {
    const phone = await phoneOf(ines);
    await phone.refresh();
    const list = phone.work.lists.get('northfield');
    if (list === undefined) throw new Error('there is a list');
    phone.work.lists.set('northfield', { ...list, whole: false, has: async () => false });
    const device = await server.listedDevice();
    expect(await checksOf(phone, 'northfield', device)).toEqual(['list_cut', 'list_cut']);
    expect(await bind(device)).toMatchObject({ outcome: 'bound' });
  });

  it('forgets what it said of a key that its row has no more', async () => {
    const phone = await phoneOf(ines);
    const other = await server.listedDevice({ org: 'hanna-home' });
    await phone.refresh();
    expect(await checksOf(phone, 'northfield', other)).toEqual(['passed', 'passed']);
    const replaced = await makeDevice({ udid: other.udid });
    await server.importList('hanna-home', [rowOf(replaced)]);
    await phone.refresh();
    expect(await checksOf(phone, 'northfield', other)).toEqual(['unknown_device', 'list_not_on_phone']);
    expect(await checksOf(phone, 'northfield', replaced)).toEqual(['passed', 'passed']);
  });

  it('gives a row that was released to its new owner’s phones, and takes it from the old one’s', async () => {
    const [mine, hers] = [await phoneOf(ines), await phoneOf(hanna)];
    const device = await server.listedDevice({ row: { model: 'Meter 3' } });
    const rowsOf = async (phone: typeof mine, org: string) =>
      (await phone.listOf(org)).rows.filter(({ udid }) => udid === device.udid);
    await Promise.all([mine.refresh(), hers.refresh()]);
    expect([await rowsOf(mine, 'northfield'), await rowsOf(hers, 'hanna-home')]).toMatchObject([
      [{ model: 'Meter 3' }],
      [],
    ]);
    await server.running.installation.transact((tx) =>
      tx.list.move(REAL_SCOPE, device, 'northfield', 'hanna-home'),
    );
    await Promise.all([mine.refresh(), hers.refresh()]);
    expect([await rowsOf(mine, 'northfield'), await rowsOf(hers, 'hanna-home')]).toMatchObject([
      [],
      [{ model: 'Meter 3' }],
    ]);
    expect(await checksOf(mine, 'northfield', device)).toEqual(['passed', 'passed']);
  });

  it('of practice changes no other one, and knows no real device', async () => {
    const phone = await phoneOf(ines);
    await phone.refresh();
    const cursor = () => ['northfield', 'training'].map((org) => phone.work.lists.get(org)?.cursor);
    const before = cursor();
    await ines.post('/api/list?org=training', { rows: [rowOf(await makeDevice({ maker: 'demo' }))] });
    await phone.refresh();
    expect(cursor()[0]).toBe(before[0]);
    expect(cursor()[1]).not.toBe(before[1]);
    const device = await server.listedDevice();
    await phone.refresh();
    expect(await checksOf(phone, 'training', device)).toEqual(['unknown_device', 'list_not_on_phone']);
  });
});

describe('one answer', () => {
  const org = { name: 'northfield', title: '', training: false, salt: '' };
  /** Answers over a list that is only told of: so many changes, which only begin to be remembered at some number. */
  function over(changes: readonly ListChange[], forgotten = 0) {
    const { installation } = server.running;
    const asked: number[] = [];
    const listFeed = {
      ...installation.stores.listFeed,
      newest: async () => changes.at(-1)?.n ?? 0,
      forgottenBefore: async () => forgotten,
      after: async (_scope: string, _org: string, n: number, limits: { changes: number; since?: number }) => {
        asked.push(limits.changes);
        const left = changes.filter(
          (one) => one.n > n && (one.is === 'there' || one.n > (limits.since ?? 0)),
        );
        return left.slice(0, limits.changes);
      },
    };
    const stores = { ...installation.stores, listFeed };
    return { asked, answer: listChanges({ ...installation, stores }) };
  }
  const change = (n: number, over: Partial<ListChange> = {}): ListChange => {
    const digest = new Uint8Array(12);
    new DataView(digest.buffer).setUint32(0, n);
    return { n, is: 'there', digest, ...over };
  };
  const read = async (answer: { statement(): Promise<{ list: string; digests: string }> }) => {
    const { list, digests } = await answer.statement();
    return { ...(parseJws(list)?.payload as ListChanges), count: digests.length / 16 };
  };

  it('is bounded in its changes, in the bytes of its rows, and in what is read at once', async () => {
    const { answer, asked } = over(Array.from({ length: 50_001 }, (_, n) => change(n + 1)));
    const first = await read(await answer(org, ''));
    expect(first).toMatchObject({ after: '', more: true, count: 50_000 });
    expect(Math.max(...asked)).toBeLessThanOrEqual(4000);
    expect(await read(await answer(org, first.to))).toMatchObject({ after: first.to, more: false, count: 1 });
    const row = { ...rowOf(await makeDevice()), model: 'x'.repeat(128) };
    const rows = over(Array.from({ length: 5000 }, (_, n) => change(n + 1, { row })));
    let [after, count, most] = ['', 0, 0];
    for (let more = true; more; ) {
      const signed = await (await rows.answer(org, after)).statement();
      const page = parseJws(signed.list)?.payload as ListChanges;
      most = Math.max(most, JSON.stringify(signed).length);
      count += page.rows.length;
      [after, more] = [page.to, page.more];
    }
    expect(count).toBe(5000);
    expect(most).toBeLessThan(2 * 1024 * 1024);
  });

  it('leaves out what had gone before a phone began, and sends one that is too far behind to the start', async () => {
    const changes = [change(1), change(2, { is: 'gone' }), change(3), change(4, { is: 'gone' })];
    const first = await read(await over(changes).answer(org, ''));
    expect(first).toMatchObject({ gone: '', count: 2 });
    const more = [...changes, change(5, { is: 'gone' }), change(6, { is: 'moved' })];
    const then = await read(await over(more).answer(org, first.to));
    expect([then.gone.length, then.moved.length, then.count]).toEqual([16, 16, 0]);
    expect(await read(await over(more, 4).answer(org, first.to))).toMatchObject({ after: first.to });
    expect(await read(await over(more, 5).answer(org, first.to))).toMatchObject({ after: '', count: 2 });
    // Whoever has begun since what was forgotten is not sent back, however far it is.
    const life = first.to.slice(0, 16);
    expect(await read(await over(more, 5).answer(org, `${life}.1.6`))).toMatchObject({
      after: `${life}.1.6`,
    });
  });
});

describe('a phone that says where it is', () => {
  const changes = async (who: TestOperator, org: string, after: string) => {
    const reply = await who.get(`/api/list-changes?org=${org}&after=${after}`);
    if (reply.status !== 200) return { status: reply.status };
    const { list } = reply.body as ListChangesAnswer;
    return parseJws(list)?.payload as {
      after: string;
      to: string;
      more: boolean;
      rows: { row: { udid: string } }[];
    };
  };

  it('and was never there begins anew', async () => {
    await fill('northfield', 6);
    const { to } = (await changes(ines, 'northfield', '')) as { to: string };
    const life = to.slice(0, 16);
    for (const never of [`${life}.999999999999999.5`, `${'x'.repeat(16)}.5.5`])
      expect(await changes(ines, 'northfield', never)).toMatchObject({ after: '' });
    expect(await changes(ines, 'northfield', `${life}.5.5`)).toMatchObject({ after: `${life}.5.5` });
    for (const odd of ['5', `${life}.`, `${life}.-1`, `${life}.1e3`, `${life}.5`, `${life}.5.6.7`])
      expect(await changes(ines, 'northfield', odd)).toEqual({ status: 400 });
  });

  it('sees the rows of its own organisation only, and of no organisation that its person is not of', async () => {
    const hers = await server.listedDevice({ org: 'hanna-home' });
    await fill('northfield', 1);
    const seen = new Set<string>();
    for (let after = '', more = true; more; ) {
      const page = (await changes(ines, 'northfield', after)) as {
        to: string;
        more: boolean;
        rows: { row: { udid: string } }[];
      };
      for (const { row } of page.rows) seen.add(row.udid);
      ({ to: after, more } = page);
    }
    expect(seen.size).toBeGreaterThan(0);
    expect(seen.has(hers.udid)).toBe(false);
    expect(await changes(ines, 'hanna-home', '')).toEqual({ status: 403 });
  });
});
