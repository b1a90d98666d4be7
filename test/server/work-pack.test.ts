import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from '../../contract/parse.ts';
import { WorkPack } from '../../contract/work-pack.ts';
import { parseJws } from '../../core/jws.ts';
import { workPacks } from '../../server/phones/work-pack.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, rowOf } from '../support/server-device.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it('looks at the rows again only where something in the pack has changed', async () => {
  const { installation } = server.running;
  const { stores } = installation;
  let walks = 0;
  const listFeed = {
    ...stores.listFeed,
    digests: (...asked: Parameters<typeof stores.listFeed.digests>) => {
      walks++;
      return stores.listFeed.digests(...asked);
    },
  };
  const packs = workPacks({ ...installation, stores: { ...stores, listFeed }, app: '0.1.0' });
  const org = await stores.orgs.org('northfield');
  if (org === undefined) throw new Error('northfield is missing');
  const digest = async () => (await packs.pack(org, 'installer')).digest;

  const device = await makeDevice();
  const own = await makeDevice();
  const first = await digest();
  expect([await digest(), walks]).toEqual([first, 1]);
  const seen = new Set([first]);
  const changes = [
    () => server.importList('hanna-home', [rowOf(device)]),
    () => server.importList('northfield', [rowOf(own)]),
    () => server.fieldbind('revoke', '--udid', device.udid, '--maker', 'acme', '--reason', 'keyCompromise'),
    () =>
      server.fieldbind(
        ...['tombstone', 'lift', '--udid', device.udid, '--maker', 'acme'],
        ...['--by', 'sam', '--reason', 'found'],
      ),
    () => stores.domains.saveSite('oak-street.northfield.fieldbind.internal', { id: 'yard', title: 'Yard' }),
    () => server.fieldbind('domain', 'create', 'a.northfield.fieldbind.internal', '--org', 'northfield'),
  ];
  for (const [index, change] of changes.entries()) {
    await change();
    const now = await digest();
    expect([index, await digest(), walks]).toEqual([index, now, index + 2]);
    seen.add(now);
  }
  expect(seen.size).toBe(changes.length + 1);
  // What changes nothing for this organisation's pack gives the same one, walked over once.
  await stores.domains.saveSite('hanna.fieldbind.internal', { id: 'attic', title: 'Attic' });
  const last = await digest();
  expect(seen.has(last)).toBe(true);
  expect([await digest(), walks]).toEqual([last, changes.length + 2]);
  // Practice is nobody else's list: whoever adds rows of it makes no other organisation's pack anew.
  for (let n = 0; n < 3; n++) {
    await server.importList('training', [rowOf(await makeDevice({ maker: 'demo' }))]);
    expect([await digest(), walks]).toEqual([last, changes.length + 2]);
  }
});

it('holds no row where a phone takes its list apart, and is not made anew as that changes', async () => {
  const { installation } = server.running;
  const packs = workPacks({ ...installation, app: '0.1.0' });
  const org = await installation.stores.orgs.org('northfield');
  if (org === undefined) throw new Error('northfield is missing');
  const pack = () => packs.pack(org, 'installer', 'apart');
  const first = await pack();
  expect(parse(WorkPack, parseJws(first.jws)?.payload)).toMatchObject({
    rows: [],
    digests: [],
    domains: [expect.anything(), expect.anything(), expect.anything()],
  });
  const device = await server.listedDevice();
  expect(await pack()).toBe(first);
  await server.fieldbind('revoke', '--udid', device.udid, '--maker', 'acme', '--reason', 'keyCompromise');
  expect((await pack()).digest).not.toBe(first.digest);
});
