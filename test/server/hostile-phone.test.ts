import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceState } from '../../contract/device-state.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { revokeOperator } from '../../server/organisations/revoke-operator.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { answerFor } from '../support/server-fresh.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';
import { wordsIn } from '../support/words.ts';

// What a phone in bad hands can send although every signature on it is right.
let server: TestServer;
let ines: TestOperator;
let hanna: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
  hanna = await server.signIn('hanna');
});
afterAll(() => closeFaultless(server));

async function stateOf({ udid }: TestDevice, org = 'northfield', who = ines) {
  const { devices } = (await who.get(`/api/devices?org=${org}`)).body as { devices: DeviceState[] };
  return devices.find((one) => one.udid === udid);
}

describe('a replayed request', () => {
  it('binds nothing that is bound, and learns nothing of whose it is', async () => {
    const device = await server.listedDevice();
    await register(ines, device);
    const before = await stateOf(device);
    const change = await hanna.submit('registration+jws', registrationOf(device, HANNA), 'hanna-home');
    expect(change).toMatchObject({ outcome: 'refused', code: 'transfer_case' });
    expect(wordsIn(change, ['northfield', 'oak', 'ines'])).toEqual([]);
    expect(await stateOf(device)).toEqual(before);
    expect(await stateOf(device, 'hanna-home', hanna)).toBeUndefined();
  });

  it('is known to prove nothing of the moment, and is held where that is asked for', async () => {
    const device = await server.listedDevice();
    const policy = ['policy', 'set', '--org', 'northfield', '--by', 'sam'];
    expect((await server.fieldbind(...policy, '--static', 'hold')).code).toBe(0);
    expect(await register(ines, device)).toMatchObject({ outcome: 'held', code: 'possession_needed' });
    expect(await stateOf(device)).toBeUndefined();
    expect((await server.fieldbind(...policy)).code).toBe(0);
    expect(await register(ines, await server.listedDevice())).toMatchObject({
      outcome: 'bound',
      unproven: true,
    });
  });

  it('with the answer to another record’s challenge is refused', async () => {
    const device = await server.listedDevice();
    const record = uuid7(Date.now(), nodeCrypto);
    const answer = await answerFor(record, device, { by: ines });
    expect(await register(ines, device, answer)).toMatchObject({ outcome: 'refused', code: 'proof_wrong' });
    expect(await stateOf(device)).toBeUndefined();
    expect(await register(ines, device, { id: record, ...answer })).toMatchObject({
      outcome: 'bound',
      unproven: false,
    });
  });
});

describe('a forged confirmation', () => {
  const confirmation = (device: TestDevice, registration: string, certificate: string, domain: string) => ({
    id: uuid7(Date.now(), nodeCrypto),
    app: '0.1.0',
    capturedAt: new Date().toISOString(),
    registration,
    maker: device.maker,
    udid: device.udid,
    domain,
    certificate,
    link: 'serial',
    written: [
      { parts: ['anchor'], digest: 'cd'.repeat(32) },
      { parts: ['leaf', 'chain'], digest: 'ab'.repeat(32) },
    ],
  });

  it('of somebody else’s device is refused, and the device stays as it was', async () => {
    const device = await server.listedDevice();
    const { record, certificate } = await register(ines, device);
    const before = await stateOf(device);
    for (const domain of [OAK_STREET, HANNA]) {
      const forged = confirmation(device, record, certificate?.fingerprint ?? '', domain);
      expect(await hanna.submit('confirmation+jws', forged, 'hanna-home')).toMatchObject({
        outcome: 'refused',
        code: 'registration_unknown',
      });
    }
    expect(await stateOf(device)).toEqual(before);
  });

  it('of one’s own does not stand for the device’s own word: it revokes no predecessor', async () => {
    const device = await server.listedDevice();
    const { record, certificate } = await register(ines, device);
    const forged = confirmation(device, record, certificate?.fingerprint ?? '', OAK_STREET);
    expect(await ines.submit('confirmation+jws', forged, 'northfield')).toMatchObject({ outcome: 'noted' });
    expect(await stateOf(device)).toMatchObject({ state: 'installed', unproven: true });
  });
});

it('another organisation’s list cannot take a device that is on one, by its name or by its key', async () => {
  const device = await server.listedDevice();
  const twin = await makeDevice({ keys: device.keys });
  const impostor = await makeDevice();
  const { errors } = await server.importList('hanna-home', [
    rowOf(device),
    rowOf(twin),
    rowOf(impostor, { udid: device.udid }),
  ]);
  expect(errors.map(({ row, code }) => [row, code])).toEqual([
    [1, 'taken'],
    [2, 'key_repeated'],
  ]);
  // The third is another device: only its name is the same, and that takes nothing away.
  const other = registrationOf(await makeDevice({ udid: device.udid, keys: impostor.keys }), HANNA);
  expect(await hanna.submit('registration+jws', other, 'hanna-home')).toMatchObject({ outcome: 'bound' });
  // And without a list of its own it has no claim, whatever it has copied.
  const change = await hanna.submit('registration+jws', registrationOf(twin, HANNA), 'hanna-home');
  expect(change.outcome).toBe('refused');
  expect(wordsIn(change, ['northfield', 'oak', 'ines'])).toEqual([]);
  expect(await register(ines, device)).toMatchObject({ outcome: 'bound' });
});

it('back-dated records of somebody dismissed are held, and bind nothing', async () => {
  const device = await server.listedDevice();
  const payload = registrationOf(device, OAK_STREET, {
    capturedAt: new Date(Date.now() - 3_600_000).toISOString(),
  });
  const { jws } = await ines.seal('registration+jws', payload, 'northfield');
  await revokeOperator('ines', 'test', server.running.installation);
  const sam = await server.signIn('sam');
  await sam.send([jws]);
  expect(await sam.outcome(payload.id, 'northfield')).toMatchObject({
    outcome: 'held',
    code: 'operator_revoked',
  });
  expect(await stateOf(device, 'northfield', sam)).toBeUndefined();
});
