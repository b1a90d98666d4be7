import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceState } from '../../contract/device-state.ts';
import { HARBOUR, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';

let server: TestServer;
let sam: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  const ines = await server.signIn('ines');
  for (const [udid, domain, site] of [
    ['acme-pump-7', OAK_STREET, 'Boiler_room'],
    ['acme-pumpx7', OAK_STREET, 'Boilers room'],
    ['acme-pumpx71', HARBOUR, 'Ängelholm\\roof'],
  ] as const) {
    const device = await server.listedDevice({ udid });
    expect(await register(ines, device, { place: { site, photos: [] } }, domain)).toMatchObject({
      outcome: 'bound',
    });
  }
  sam = await server.signIn('sam');
});
afterAll(() => closeFaultless(server));

async function found(query: Record<string, string>, who = sam, org = 'northfield') {
  const answer = await who.get(`/api/devices?${new URLSearchParams({ org, ...query })}`);
  return answer.status === 200
    ? (answer.body as { devices: DeviceState[] }).devices.map(({ udid }) => udid)
    : answer.status;
}

describe('devices at the desk', () => {
  it('are the newest first', async () => {
    expect(await found({})).toEqual(['acme-pumpx71', 'acme-pumpx7', 'acme-pump-7']);
  });

  it.each([
    ['PUMPx7', ['acme-pumpx71', 'acme-pumpx7']],
    ['boiler', ['acme-pumpx7', 'acme-pump-7']],
    ['harbour', ['acme-pumpx71']],
    ['acme', ['acme-pumpx71', 'acme-pumpx7', 'acme-pump-7']],
    // Only letters: none of them stands for another.
    ['boiler_', ['acme-pump-7']],
    ['boiler%', []],
    ['m\\r', ['acme-pumpx71']],
    ['Ängelholm', ['acme-pumpx71']],
    ['ACME  boiler', ['acme-pumpx7', 'acme-pump-7']],
    ['pu', 400],
    ["' or 1=1 --", []],
    ['nothing of the kind', []],
  ])('are found by %s', async (find, udids) => {
    expect(await found({ find })).toEqual(udids);
  });

  it('are found by their whole name alone, where that is asked for', async () => {
    expect(await found({ udid: 'acme-pumpx7' })).toEqual(['acme-pumpx7']);
  });

  it('are the live ones of one domain, where that is asked for', async () => {
    expect(await found({ domain: OAK_STREET })).toEqual(['acme-pumpx7', 'acme-pump-7']);
    const gone = await server.listedDevice({ udid: 'acme-gone' });
    await register(await server.signIn('ines'), gone);
    await sam.post(`/api/devices/acme/acme-gone?org=northfield`, { act: 'retire', because: 'broken' });
    expect(await found({ domain: OAK_STREET })).toEqual(['acme-pumpx7', 'acme-pump-7']);
    expect(await found({ udid: 'acme-gone' })).toEqual(['acme-gone']);
  });

  it('are one’s own', async () => {
    const hanna = await server.signIn('hanna');
    expect(await found({ find: 'pump' }, hanna, 'hanna-home')).toEqual([]);
    expect(await found({ find: 'pump' }, hanna)).toBe(403);
  });
});
