import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { sendAsClient } from '../support/server-client.ts';
import { makeDevice, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';

let server: TestServer;
let device: TestDevice;
beforeAll(async () => {
  server = await startTestServer();
  device = await makeDevice();
});
afterAll(() => closeFaultless(server));

const suspend = { act: 'suspend', reason: 'maintenance', because: 'contract ended' };

it('tells a machine client that its token is missing, and one with a wrong token the same', async () => {
  const { maker, udid } = device;
  const without = await fetch(`${server.url}/api/client/devices/${maker}/${udid}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(suspend),
  });
  const wrong = await sendAsClient(server, 'fbc_wrong', device, suspend);
  for (const { status, headers } of [without, wrong])
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  expect(await without.json()).toMatchObject({ code: 'unauthenticated' });
});

it('asks a browser for its origin all the same', async () => {
  const ines = await server.signIn('ines');
  const path = `/api/client/devices/${device.maker}/${device.udid}`;
  const headers = { authorization: 'Bearer fbc_wrong', origin: 'https://elsewhere.example' };
  expect(await ines.post(path, suspend, headers)).toMatchObject({
    status: 403,
    body: { code: 'origin_refused' },
  });
});
