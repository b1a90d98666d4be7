import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceState } from '../../contract/device-state.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { tombstoneDigests } from '../../core/list-lookup.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { DEFAULT_POLICY } from '../../server/authority/ca/policy.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { issuerName } from '../support/issuer-name.ts';
import { type KeyHolder, RekeyBench } from '../support/rekey.ts';
import type { TestDevice } from '../support/server-device.ts';
import { answerFor } from '../support/server-fresh.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';
import { trailOf } from '../support/trail.ts';

// What becomes of a next key that its device never shows.

const MINUTE = 60_000;

let bench: RekeyBench;
let sam: TestOperator;
/** Each certificate is valid from an hour before it is made, and ten minutes more: due at once. */
beforeAll(async () => {
  bench = await RekeyBench.start({ policy: { ...DEFAULT_POLICY, device: 10 * MINUTE } });
  await bench.policy({ rekey: 'allow' });
  sam = await bench.server.signIn('sam');
});
afterAll(() => bench.close());
afterEach(() => {
  bench.ahead = 0;
});

const digestOf = async ({ device }: KeyHolder) => toBase64Url(await nodeCrypto.sha256(device.spki));
const stateOf = async (holder: KeyHolder) =>
  (await bench.stores.lineage.byKey(await digestOf(holder)))?.state;
const buried = async ({ device }: KeyHolder) => {
  const [, digest] = await tombstoneDigests(device.udid, device.spki, nodeCrypto);
  return bench.stores.tombstones.anyLive([digest ?? '']);
};

/** A visit's evidence in which the device proves its key on the spot. */
async function proof(device: TestDevice) {
  const id = uuid7(Date.now(), nodeCrypto);
  return {
    id,
    capturedAt: new Date().toISOString(),
    ...(await answerFor(id, device, { by: bench.ines })),
  };
}

async function pending(): Promise<{ first: KeyHolder; second: KeyHolder }> {
  const first = await bench.bound();
  const second = await bench.nextKey(first);
  expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
  return { first, second };
}

describe('a device that lost its next key before it was shown', () => {
  it('goes on with the old one, once it has proved that on a visit', async () => {
    const { first, second } = await pending();
    const [successor] = await bench.certificates(first);
    expect(await register(bench.ines, first.device)).toMatchObject({ code: 'same_install' });
    const renewed = await register(bench.ines, first.device, await proof(first.device));
    expect(renewed).toMatchObject({ outcome: 'bound', code: 'renewed' });
    expect(await stateOf(second)).toBe('dropped');
    expect(await bench.stores.certificateStates.revokedBy(issuerName('northfield'))).toContainEqual(
      expect.objectContaining({ serial: successor?.serial, reason: 'superseded' }),
    );
    const trail = (await trailOf(bench.stores)).filter(({ event }) => event === 're-key dropped');
    expect(trail.at(-1)).toMatchObject({ actor: 'rules', subject: first.device.udid });
    expect(await bench.show(second)).toBe(403);
    first.est.keep('leaf.pem', renewed.certificate?.leafPem ?? '');
    expect(await bench.show(first)).toBe(200);
    expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
  });

  it('gives up nothing by what it proved before it had asked', async () => {
    const first = await bench.bound();
    const before = await proof(first.device);
    const second = await bench.nextKey(first);
    await bench.rekey(first, second);
    expect(await register(bench.ines, first.device, before)).toMatchObject({ code: 'same_install' });
    expect(await stateOf(second)).toBe('pending');
  });

  it('is never handed a certificate that has ended, but renewed', async () => {
    const first = await bench.bound();
    const second = await bench.nextKey(first);
    bench.ahead = 8 * MINUTE;
    expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
    bench.ahead = 12 * MINUTE;
    const [waits, ended] = await bench.certificates(first);
    const now = new Date(Date.now() + 12 * MINUTE).toISOString();
    expect([(waits?.notAfter ?? '') > now, (ended?.notAfter ?? '') < now]).toEqual([true, true]);
    expect(await register(bench.ines, first.device)).toMatchObject({ outcome: 'bound', code: 'renewed' });
    const [renewed] = await bench.certificates(first);
    expect((renewed?.notAfter ?? '') > now).toBe(true);
    expect(await stateOf(second)).toBe('dropped');
  });

  it('is seen at the desk with the certificate that it can use', async () => {
    const { first } = await pending();
    const shown = async () => {
      const { devices } = (await sam.get('/api/devices?org=northfield')).body as { devices: DeviceState[] };
      return devices.find(({ udid }) => udid === first.device.udid);
    };
    const [, current] = await bench.certificates(first);
    const { fingerprint, notAfter } = current ?? {};
    expect(await shown()).toMatchObject({ fingerprint, notAfter, revokedAt: null });
    const act = { act: 'suspend', reason: 'lost', because: 'test' };
    const { maker, udid } = first.device;
    expect((await sam.post(`/api/devices/${maker}/${udid}?org=northfield`, act)).status).toBe(200);
    expect(await shown()).toMatchObject({ fingerprint, suspended: { reason: 'lost' }, revokedAt: null });
  });
});

describe('a key that waits under one device’s name, and is another’s', () => {
  it('is bound to the one that proves it, and dropped from the other', async () => {
    const { first, second } = await pending();
    const owner = await bench.server.listedDevice({ keys: second.device.keys });
    expect(await register(bench.ines, owner)).toMatchObject({ outcome: 'refused', code: 'key_mismatch' });
    expect(await register(bench.ines, owner, await proof(owner))).toMatchObject({ outcome: 'bound' });
    expect(await stateOf(second)).toBe('dropped');
    expect((await bench.certificates(first)).map(({ revokedAt }) => revokedAt !== null)).toEqual([
      ...[true, false],
    ]);
    expect((await second.est.ask('simplereenroll', { show: 'leaf.pem' })).status).toBe(403);
    expect(await bench.show(first)).toBe(200);
    expect((await bench.binding(first))?.keyDigest).toBe(await digestOf(first));
    expect(await bench.rekey(first, second)).toBe('key_taken');
  });

  it('waits on as long as the other is only held', async () => {
    const { second } = await pending();
    const { keys } = second.device;
    const owner = await bench.server.listedDevice({ keys, row: { anchor: 'udid-only' } });
    const { record, code } = await register(bench.ines, owner, await proof(owner));
    expect(code).toBe('udid_only_row');
    expect(await stateOf(second)).toBe('pending');
    const word = { decision: 'approve', reason: 'seen' };
    const { body } = await sam.post(`/api/approvals/${record}?org=northfield`, word);
    expect(body).toMatchObject({ outcome: 'bound' });
    expect(await stateOf(second)).toBe('dropped');
  });

  it('is not buried with the one that only asked for it', async () => {
    const { first, second } = await pending();
    await register(bench.ines, first.device, await proof(first.device));
    expect(await stateOf(second)).toBe('dropped');
    const { maker, udid } = first.device;
    const words = ['revoke', '--udid', udid, '--maker', maker, '--reason', 'keyCompromise'];
    expect((await bench.server.fieldbind(...words)).code).toBe(0);
    expect([await buried(first), await buried(second)]).toEqual([true, false]);
  });
});
