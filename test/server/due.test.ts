import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../server/authority/ca/policy.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';

const DAY = 24 * 3_600_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ policy: { ...DEFAULT_POLICY, device: 10 * DAY } });
});
afterAll(() => server.close());

it('lists devices whose certificate ends soon, and not those that are bound no more', async () => {
  const ines = await server.signIn('ines');
  const [device, lost] = [await server.listedDevice(), await server.listedDevice()];
  for (const one of [device, lost])
    await ines.submit('registration+jws', registrationOf(one, OAK_STREET), 'northfield');
  await server.fieldbind('revoke', '--udid', lost.udid, '--maker', lost.maker, '--reason', 'unspecified');
  const due = await server.fieldbind('due');
  expect(due.out.trimEnd().split('\n')).toEqual([expect.stringContaining(device.udid)]);
  const { stores } = server.running.installation;
  const inNineDays = new Date(Date.now() + 9 * DAY).toISOString();
  expect(await stores.liveBindings.due(inNineDays, 10)).toEqual([]);
  expect(await server.fieldbind('due', '--within', 'soon')).toMatchObject({ code: 2 });
});
