import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { HARBOUR, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';

// Sites by command: made, renamed, closed, and taken from a file whole or not at all.
let server: TestServer;
let ines: TestOperator;
const folder = mkdtempSync(join(tmpdir(), 'fieldbind-sites-'));
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

const run = (...words: readonly string[]) => server.fieldbind('site', ...words);
async function packed(): Promise<Readonly<Record<string, string>>> {
  const pack = await ines.pack('northfield');
  const domain = pack.domains.find(({ name }) => name === OAK_STREET);
  return Object.fromEntries(domain?.sites.map(({ id, title }) => [id, title]) ?? []);
}
function file(...lines: readonly string[]): string {
  const path = join(folder, `${Math.random()}.csv`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

describe('a site', () => {
  it('is made by its title, renamed, closed, and opened again', async () => {
    expect(await run('add', OAK_STREET, '--title', ' Boiler \t room ')).toMatchObject({ code: 0 });
    expect((await packed())['boiler-room']).toBe('Boiler room');
    expect(await run('rename', OAK_STREET, 'boiler-room', '--title', 'غرفة المرجل')).toMatchObject({
      code: 0,
    });
    expect((await packed())['boiler-room']).toBe('غرفة المرجل');
    expect(await run('close', OAK_STREET, 'boiler-room', '--by', 'sam')).toMatchObject({ code: 0 });
    expect(await packed()).not.toHaveProperty('boiler-room');
    expect(await run('close', OAK_STREET, 'boiler-room')).toMatchObject({ code: 1 });
    expect(await run('add', OAK_STREET, '--title', 'Boiler room')).toMatchObject({ code: 0 });
    expect((await packed())['boiler-room']).toBe('Boiler room');
  });

  it('keeps its devices and their title once it is closed', async () => {
    expect(await run('add', OAK_STREET, '--title', 'Shed')).toMatchObject({ code: 0 });
    const device = await server.listedDevice();
    const payload = registrationOf(device, OAK_STREET, { place: { site: 'shed', photos: [] } });
    expect(await ines.submit('registration+jws', payload, 'northfield')).toMatchObject({ outcome: 'bound' });
    expect(await run('close', OAK_STREET, 'shed')).toMatchObject({ code: 0 });
    const { devices } = (await ines.get('/api/field-devices?org=northfield&after=')).body as {
      devices: { udid: string; site?: string; siteTitle?: string }[];
    };
    const shown = devices.find(({ udid }) => udid === device.udid);
    expect(shown).toMatchObject({ site: 'shed', siteTitle: 'Shed' });
  });

  it('is another one under another title, and the same one under its own whatever its id is', async () => {
    for (const title of ['Level 1', 'Level -1', 'Level 1'])
      expect(await run('add', OAK_STREET, '--title', title)).toMatchObject({ code: 0 });
    expect(await run('add', OAK_STREET, '--title', 'Wing, north', '--id', 'wing-north')).toMatchObject({
      code: 0,
    });
    expect(await run('add', OAK_STREET, '--title', 'Wing, north')).toMatchObject({ code: 0 });
    const again = file(
      'domain,id,title',
      `${OAK_STREET},,Level 1`,
      `${OAK_STREET},,Level -1`,
      `${OAK_STREET},,"Wing, north"`,
    );
    expect(await run('import', again, '--org', 'northfield')).toMatchObject({ code: 0 });
    const titles = Object.values(await packed()).filter((title) => /Level|Wing/.test(title));
    expect(titles.sort()).toEqual(['Level -1', 'Level 1', 'Wing, north']);
  });

  it('is opened by whoever makes it again, and not by whoever gives it another title', async () => {
    expect(await run('add', OAK_STREET, '--title', 'Garage')).toMatchObject({ code: 0 });
    expect(await run('close', OAK_STREET, 'garage')).toMatchObject({ code: 0 });
    const said = (title: string, was?: string) => {
      const stamp = { id: uuid7(Date.now(), nodeCrypto), app: '1', capturedAt: new Date().toISOString() };
      const named = { domain: OAK_STREET, site: 'garage', title };
      return ines.submit('site+jws', { ...stamp, ...named, ...(was && { was }) }, 'northfield');
    };
    for (const title of ['Garages', 'Garage'])
      expect(await said(title, 'Garage')).toMatchObject({
        outcome: 'refused',
        code: 'site_conflict',
        detail: 'garage',
      });
    expect(await packed()).not.toHaveProperty('garage');
    expect(await said('Garage')).toMatchObject({ outcome: 'noted' });
    expect((await packed()).garage).toBe('Garage');
  });

  it('that was renamed before it was closed is opened by whoever makes it under its first title', async () => {
    expect(await run('add', OAK_STREET, '--title', 'Stable')).toMatchObject({ code: 0 });
    expect(await run('rename', OAK_STREET, 'stable', '--title', 'Car hall')).toMatchObject({ code: 0 });
    const said = (title: string, was?: string) => {
      const stamp = { id: uuid7(Date.now(), nodeCrypto), app: '1', capturedAt: new Date().toISOString() };
      const named = { domain: OAK_STREET, site: 'stable', title };
      return ines.submit('site+jws', { ...stamp, ...named, ...(was && { was }) }, 'northfield');
    };
    // While it is open, which of the two titles is right is a person's to say.
    expect(await said('Stable')).toMatchObject({ code: 'site_conflict', detail: 'Car hall' });
    expect(await run('close', OAK_STREET, 'stable')).toMatchObject({ code: 0 });
    expect(await said('Stables', 'Car hall')).toMatchObject({ code: 'site_conflict', detail: 'stable' });
    expect(await packed()).not.toHaveProperty('stable');
    expect(await said('Stable')).toMatchObject({ outcome: 'noted' });
    expect((await packed()).stable).toBe('Stable');
  });

  it('is made and renamed twice in one batch, each name given by what the one before made of it', async () => {
    const names: readonly (readonly [title: string, was?: string])[] = [
      ['Gallery'],
      ['Gallery east', 'Gallery'],
      ['Gallery far east', 'Gallery east'],
    ];
    const sealed = [];
    for (const [title, was] of names) {
      const stamp = { id: uuid7(Date.now(), nodeCrypto), app: '1', capturedAt: new Date().toISOString() };
      const payload = { ...stamp, domain: OAK_STREET, site: 'gallery', title, ...(was && { was }) };
      sealed.push({ ...(await ines.seal('site+jws', payload, 'northfield')), id: stamp.id });
    }
    await ines.send(sealed.map(({ jws }) => jws));
    for (const { id } of sealed)
      expect(await ines.outcome(id, 'northfield')).toMatchObject({ outcome: 'noted' });
    expect((await packed()).gallery).toBe('Gallery far east');
  });

  it.each([
    [['add', 'no.such.domain', '--title', 'Roof'], 'no such domain'],
    [['add', OAK_STREET, '--title', ' '], 'can be seen'],
    [['add', OAK_STREET, '--title', 'Another roof', '--id', 'roof'], 'another site has this id'],
    [['rename', OAK_STREET, 'no-such-site', '--title', 'Roof'], 'no such site'],
  ])('is refused with the reason: %j', async (words, why) => {
    const { code, out } = await run(...words);
    expect([code, out]).toEqual([1, expect.stringContaining(why)]);
  });

  it('is changed by the desk alone where somebody is named', async () => {
    expect(await run('add', OAK_STREET, '--title', 'Loft', '--by', 'ines')).toMatchObject({ code: 2 });
  });
});

describe('a file of sites', () => {
  const head = 'domain,id,title';

  it('is taken whole, five thousand lines too', async () => {
    const lines = Array.from({ length: 4_900 }, (_, i) => `${OAK_STREET},flat-${i},"Flat ${i}, east"`);
    const done = await run('import', file(head, ...lines), '--org', 'northfield');
    expect(done).toMatchObject({ code: 0 });
    expect((await packed())['flat-4899']).toBe('Flat 4899, east');
  });

  it('has room beside the sites that are there, as a command and a phone have', async () => {
    const open = async () =>
      (await ines.pack('northfield')).domains.find(({ name }) => name === HARBOUR)?.sites;
    const many = (word: string, count: number) =>
      Array.from({ length: count }, (_, i) => `${HARBOUR},${word}-${i},${word} ${i}`);
    const load = (...lines: readonly string[]) => run('import', file(head, ...lines), '--org', 'northfield');
    const before = (await open())?.length ?? 0;
    expect(await load(...many('quay', 4_000))).toMatchObject({ code: 0 });
    const { code, out } = await load(...many('dock', 4_000));
    expect(code).toBe(1);
    const first = 1_000 - before + 2;
    expect(out).toContain(`line ${first}: `);
    expect(out).not.toContain(`line ${first - 1}: `);
    expect(await open()).toHaveLength(before + 4_000);
    // Those that are there take no room.
    expect(await load(...many('quay', 4_000), ...many('dock', 1_000 - before))).toMatchObject({ code: 0 });
    expect(await open()).toHaveLength(5_000);
    expect(await run('add', HARBOUR, '--title', 'Slip')).toMatchObject({ code: 1 });
    const said = (site: string, title: string, was?: string) => {
      const stamp = { id: uuid7(Date.now(), nodeCrypto), app: '1', capturedAt: new Date().toISOString() };
      const named = { domain: HARBOUR, site, title, ...(was && { was }) };
      return ines.submit('site+jws', { ...stamp, ...named }, 'northfield');
    };
    expect(await said('slip', 'Slip')).toMatchObject({ outcome: 'refused', code: 'too_many_sites' });
    expect(await said('quay-1', 'Quay one', 'quay 1')).toMatchObject({ outcome: 'noted' });
    expect(await run('close', HARBOUR, 'quay-1')).toMatchObject({ code: 0 });
    expect(await said('slip', 'Slip')).toMatchObject({ outcome: 'noted' });
    expect(await open()).toHaveLength(5_000);
  });

  it('is taken not at all where a line is wrong, and each such line is named', async () => {
    const before = await packed();
    const path = file(
      head,
      `${OAK_STREET},new-one,New one`,
      'no.such.domain,x,X',
      `${OAK_STREET},y, `,
      `hanna.${server.running.installation.suffix},z,Z`,
      `${OAK_STREET},new-one,Twice`,
      `${OAK_STREET},flat-1,Flat 1, east`,
    );
    const { code, out } = await run('import', path, '--org', 'northfield');
    expect(code).toBe(1);
    for (const line of ['line 3: ', 'line 4: ', 'line 5: ', 'line 6: ', 'line 7: '])
      expect(out).toContain(line);
    expect(await packed()).toEqual(before);
  });

  it('says where sites are, which phones then know, and a later file without it changes nothing of that', async () => {
    const at = `${head},latitude,longitude`;
    const path = file(at, `${OAK_STREET},far,Far,51.5072,-0.1276`, `${OAK_STREET},near,Near,,`);
    expect(await run('import', path, '--org', 'northfield')).toMatchObject({ code: 0 });
    await run('import', file(head, `${OAK_STREET},far,Far away`), '--org', 'northfield');
    expect(await run('add', OAK_STREET, '--title', 'Near', '--at', '-33.9,18.4')).toMatchObject({ code: 0 });
    const { domains } = await ines.pack('northfield');
    const sites = domains.find(({ name }) => name === OAK_STREET)?.sites ?? [];
    expect(sites.filter(({ id }) => id === 'far' || id === 'near')).toEqual([
      {
        id: 'far',
        title: 'Far away',
        location: { latitude: 51.5072, longitude: -0.1276, accuracyMetres: 0 },
      },
      { id: 'near', title: 'Near', location: { latitude: -33.9, longitude: 18.4, accuracyMetres: 0 } },
    ]);
  });

  it.each(['51.5072,', ',1', '91,0', '0,181', '1e1,0', 'NaN,0', '51.5072 N,0.1276 W', '1,2,3'])(
    'says of %j that it is no place on Earth',
    async (where) => {
      const path = file(`${head},latitude,longitude`, `${OAK_STREET},no,No,${where}`);
      expect(await run('import', path, '--org', 'northfield')).toMatchObject({ code: 1 });
      const add = await run('add', OAK_STREET, '--title', 'Nowhere', '--at', where);
      expect([add.code, add.out]).toEqual([1, expect.stringContaining('degrees')]);
    },
  );

  it('counts what is there already, and takes what only has another title', async () => {
    const more = Array.from({ length: 200 }, (_, i) => `${OAK_STREET},more-${i},More ${i}`);
    const before = await packed();
    const { code, out } = await run('import', file(head, ...more), '--org', 'northfield');
    expect(code).toBe(1);
    expect(out).toContain('line 201: ');
    expect(await packed()).toEqual(before);
    const again = Array.from({ length: 4_900 }, (_, i) => `${OAK_STREET},flat-${i},Flat ${i}`);
    expect(await run('import', file(head, ...again), '--org', 'northfield')).toMatchObject({ code: 0 });
    expect((await packed())['flat-4899']).toBe('Flat 4899');
  });

  it('begins with its columns', async () => {
    expect(await run('import', file('id,title', 'x,X'), '--org', 'northfield')).toMatchObject({ code: 2 });
  });
});
