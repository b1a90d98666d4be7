import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeviceStates } from '../../contract/device-state.ts';
import { FieldDevices, MOST_FIELD_ROWS } from '../../contract/field-device.ts';
import { parse } from '../../contract/parse.ts';
import type { Needs } from '../../server/ports/stores.ts';
import { countStatements } from '../support/count-statements.ts';
import { bindMany } from '../support/many-devices.ts';
import { signInAgain, startPutBack } from '../support/put-back.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';

const ORG = 'northfield';

async function page(phone: TestOperator, after: string): Promise<FieldDevices> {
  const { status, body } = await phone.get(`/api/field-devices?org=${ORG}&after=${after}`);
  expect(status).toBe(200);
  const answer = parse(FieldDevices, body);
  if (answer === undefined) throw new Error('the answer is not as the contract says');
  return answer;
}

/** As a phone takes it: from a cursor to the end, each device by its name, the last word counts. */
async function take(phone: TestOperator, after = '', between = async (_page: number) => {}) {
  const known = new Map<string, FieldDevices['devices'][number]>();
  let cursor = after;
  let rows = 0;
  for (let pages = 1; ; pages++) {
    const answer = await page(phone, cursor);
    if (answer.after === '') known.clear();
    for (const one of answer.devices) known.set(`${one.maker} ${one.udid}`, one);
    rows += answer.devices.length;
    expect(answer.devices.length + answer.records.length).toBeLessThanOrEqual(MOST_FIELD_ROWS);
    cursor = answer.cursor;
    if (!answer.more) return { known: [...known.values()], rows, pages, cursor, last: answer };
    await between(pages);
  }
}

describe('what stands where, told in several answers', () => {
  let server: TestServer;
  let ines: TestOperator;
  let many: readonly string[];
  beforeAll(async () => {
    server = await startTestServer();
    ines = await server.signIn('ines');
    many = await bindMany(server, 2 * MOST_FIELD_ROWS + 50);
  });
  afterAll(() => closeFaultless(server));

  it('is each device once, and then nothing', async () => {
    const all = await take(ines);
    expect(all.pages).toBe(3);
    expect(all.rows).toBe(many.length);
    expect(all.known.map(({ udid }) => udid).sort()).toEqual([...many].sort());
    expect(all.known[0]).toMatchObject({ position: 'Flat 0', certificate: expect.anything() });
    expect(await page(ines, all.cursor)).toMatchObject({ after: all.cursor, devices: [], more: false });
  });

  it('loses nothing that changes between two answers, and says it as it is then', async () => {
    const { transact } = server.running.installation;
    const idOf = async (at: number, { liveBindings }: Needs<'liveBindings'>) =>
      (await liveBindings.named('acme', many[at] ?? ''))[0]?.id ?? '';
    let late: readonly string[] = [];
    const all = await take(ines, '', async (pages) => {
      // One that was told already, one that was not, one that ends, and new ones.
      await transact(async (tx) => {
        await tx.bindings.setState(await idOf(pages, tx), 'installed');
        await tx.bindings.setState(await idOf(many.length - pages, tx), 'shown');
        if (pages === 2) await tx.bindings.end(await idOf(10, tx), new Date().toISOString());
      });
      if (pages === 1) late = await bindMany(server, 3);
    });
    const names = all.known.map(({ udid }) => udid);
    expect(new Set(names).size).toBe(names.length);
    expect([...names].sort()).toEqual([...many, ...late].sort());
    const stateOf = (udid: string | undefined) => all.known.find((one) => one.udid === udid)?.state;
    expect([1, 2, many.length - 1, many.length - 2, 10].map((at) => stateOf(many[at]))).toEqual([
      'installed',
      'installed',
      'shown',
      'shown',
      'ended',
    ]);
    expect(late.map(stateOf)).toEqual(['issued', 'issued', 'issued']);
  });

  it('reads a full answer with as many statements as a short one', async () => {
    const { cursor } = await take(ines);
    await bindMany(server, 2);
    const few = await countStatements(() => page(ines, cursor));
    expect(few.value.devices).toHaveLength(2);
    const full = await countStatements(() => page(ines, ''));
    expect(full.value.devices).toHaveLength(MOST_FIELD_ROWS);
    expect(few.statements).toBeGreaterThan(5);
    expect(full.statements).toBe(few.statements);
  });

  it('takes no cursor of another organisation, and no organisation that the person is not in', async () => {
    const { cursor } = await take(ines);
    const foreign = await ines.get(`/api/field-devices?org=training&after=${cursor}`);
    expect(foreign.body).toMatchObject({ code: 'request_invalid' });
    expect((await ines.get('/api/field-devices?org=hanna-home&after=')).status).toBe(403);
    for (const odd of ['x', 'bm9ydGhmaWVsZDo', `${cursor}AA`])
      expect((await ines.get(`/api/field-devices?org=${ORG}&after=${odd}`)).status).toBe(400);
  });
});

describe('the desk’s list of devices', () => {
  it('is read with as many statements for three devices as for hundreds, and says of each what it says of one', async () => {
    const server = await startTestServer();
    try {
      const ada = await server.signIn('ada');
      await server.fieldbind('site', 'add', OAK_STREET, '--id', 'roof', '--title', 'Roof', '--by', 'ada');
      const list = async (more = '') => {
        const { body } = await ada.get(`/api/devices?org=${ORG}${more}`);
        const answer = parse(DeviceStates, body);
        if (answer === undefined) throw new Error('the answer is not as the contract says');
        return answer.devices;
      };
      await bindMany(server, 3, 'roof');
      const few = await countStatements(() => list());
      expect(few.value).toHaveLength(3);
      const many = await bindMany(server, 600, 'roof');
      const full = await countStatements(() => list());
      expect(full.value).toHaveLength(603);
      expect(few.statements).toBeGreaterThan(5);
      expect(full.statements).toBe(few.statements);
      const [udid = ''] = many;
      const [alone] = await list(`&udid=${udid}`);
      const inList = full.value.find((one) => one.udid === udid);
      expect(inList).toMatchObject({ position: 'Flat 0', siteTitle: 'Roof', state: 'issued' });
      expect({ ...inList, places: [] }).toEqual(alone);
      const printed = await server.fieldbind('devices', '--org', ORG);
      expect(printed.out.trim().split('\n')).toHaveLength(603);
    } finally {
      await server.close();
    }
  });
});

describe('what stands where, after an older copy was put back', () => {
  it('begins anew for a cursor of the era before, and not for one of this era', async () => {
    const there = await startPutBack();
    try {
      const before = await there.server.signIn('ines');
      const [kept] = await bindMany(there.server, 1);
      await there.copy();
      const [lost] = await bindMany(there.server, 1);
      const old = await take(before);
      expect(old.known.map(({ udid }) => udid)).toEqual([kept, lost]);
      const server = await there.putBack();
      expect(await server.fieldbind('operator', 'confirm', '--all', '--by', 'ada')).toMatchObject({
        code: 0,
      });
      const ines = await signInAgain(server.url, before);
      // As many numbers again as the phone had read, so that the old cursor would look like one of this life.
      const [anew] = await bindMany(server, 1);
      const answer = await page(ines, old.cursor);
      expect(answer).toMatchObject({ after: '', more: false });
      expect(answer.era).toBeDefined();
      expect(answer.era).not.toBe(old.last.era);
      expect(answer.devices.map(({ udid }) => udid)).toEqual([kept, anew]);
      expect(await page(ines, answer.cursor)).toMatchObject({ after: answer.cursor, devices: [] });
    } finally {
      await there.close();
    }
  });
});
