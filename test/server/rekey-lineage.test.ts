import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../core/bytes.ts';
import { rowDigest, tombstoneDigests } from '../../core/list-lookup.ts';
import { DEFAULT_POLICY } from '../../server/authority/ca/policy.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { issuerName } from '../support/issuer-name.ts';
import { type KeyHolder, RekeyBench } from '../support/rekey.ts';
import { HANNA, OAK_STREET, PRACTICE } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';

// What becomes of devices that changed their keys: visits, transfers, revocation.

let bench: RekeyBench;
let sam: TestOperator;
let ada: TestOperator;
let hanna: TestOperator;
beforeAll(async () => {
  bench = await RekeyBench.start();
  for (const org of ['northfield', 'hanna-home']) await bench.policy({ rekey: 'allow' }, org);
  [sam, ada, hanna] = await Promise.all([
    bench.server.signIn('sam'),
    bench.server.signIn('ada'),
    bench.server.signIn('hanna'),
  ]);
});
afterAll(() => bench.close());

const act = ({ device: { maker, udid } }: KeyHolder, body: object, who = sam) =>
  who.post(`/api/devices/${maker}/${udid}?org=northfield`, { because: 'test', ...body });
const claim = (device: TestDevice) => register(hanna, device, {}, HANNA, 'hanna-home');
const MISMATCH = { outcome: 'refused', code: 'key_mismatch' };

async function giveUp({ udid }: TestDevice): Promise<void> {
  const reply = await sam.get('/api/transfers?org=northfield');
  const { transfers } = reply.body as { transfers: { id: string; udid: string }[] };
  const id = transfers.find((one) => one.udid === udid)?.id;
  for (const who of [sam, ada])
    await who.post(`/api/transfers/${id}?org=northfield`, { decision: 'give_up', because: 'sold' });
}

const approve = (record: string) =>
  sam.post(`/api/approvals/${record}?org=northfield`, { decision: 'approve', reason: 'seen' });

/** One whose second key waits to be shown. */
async function pending(): Promise<{ first: KeyHolder; second: KeyHolder }> {
  const first = await bench.bound();
  const second = await bench.nextKey(first);
  expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
  return { first, second };
}

const digestOf = async ({ device }: KeyHolder) => toBase64Url(await nodeCrypto.sha256(device.spki));
const stateOf = async (holder: KeyHolder) =>
  (await bench.stores.lineage.byKey(await digestOf(holder)))?.state;
const buried = async (...holders: readonly KeyHolder[]) =>
  Promise.all(
    holders.map(async ({ device }) => {
      const [, digest] = await tombstoneDigests(device.udid, device.spki, nodeCrypto);
      return bench.stores.tombstones.anyLive([digest ?? '']);
    }),
  );

describe('a device that changed its key, on a visit', () => {
  it('is known by the key that it took, also where its label names the first one', async () => {
    const { first, second } = await bench.rekeyed();
    const certificate = (await register(bench.ines, second.device)).certificate;
    const printed = { how: 'typed', kind: 'text', text: first.device.udid, aliases: [] as string[] } as const;
    const label = { ...printed, publicKey: toBase64Url(first.device.spki) };
    expect(await register(bench.ines, second.device, { label })).toMatchObject({
      code: 'same_install',
      certificate,
    });
    const other = { ...printed, publicKey: toBase64Url((await bench.bound()).device.spki) };
    expect(await register(bench.ines, second.device, { label: other })).toMatchObject({
      code: 'label_key_mismatch',
    });
    expect(await register(bench.ines, first.device)).toMatchObject(MISMATCH);
    expect(await register(bench.ines, (await bench.nextKey(first)).device)).toMatchObject(MISMATCH);
  });

  it('is renewed by its new key; while that waits, nothing is renewed by a visit', async () => {
    const short = await RekeyBench.start({ policy: { ...DEFAULT_POLICY, device: 600_000 } });
    await short.policy({ rekey: 'allow' });
    const first = await short.bound();
    const second = await short.nextKey(first);
    await short.rekey(first, second);
    for (const { device } of [first, second])
      expect(await register(short.ines, device)).toMatchObject({ code: 'same_install' });
    expect(await short.certificates(first)).toHaveLength(2);
    expect(await short.show(second)).toBe(200);
    const renewed = await register(short.ines, second.device);
    expect(renewed).toMatchObject({ outcome: 'bound', code: 'renewed' });
    expect(renewed.certificate?.leafPem).toBe((await second.est.ask('simpleenroll')).leaf);
    expect(await register(short.ines, first.device)).toMatchObject(MISMATCH);
    await short.close();
  });

  it('goes on with its old key, if it never used the new one as long as that was good', async () => {
    const short = await RekeyBench.start({ policy: { ...DEFAULT_POLICY, device: 600_000 } });
    await short.policy({ rekey: 'allow' });
    const first = await short.bound();
    const second = await short.nextKey(first);
    await short.rekey(first, second);
    short.ahead = 1_200_000;
    await short.show(second);
    expect((await short.binding(first))?.keyDigest).toBe(await digestOf(first));
    // Its certificate has ended, so it is of no use to anybody.
    expect(await register(short.ines, second.device)).toMatchObject(MISMATCH);
    expect(await short.certificates(first)).toHaveLength(2);
    const renewed = await register(short.ines, first.device);
    expect(renewed).toMatchObject({ code: 'renewed' });
    expect(await short.stores.lineage.byKey(await digestOf(second))).toMatchObject({ state: 'dropped' });
    expect((await first.est.ask('simpleenroll')).leaf).toBe(renewed.certificate?.leafPem);
    await short.close();
  });

  it('is looked up by that key on phones too, whosever pack it is', async () => {
    const { first, second } = await bench.rekeyed();
    const { maker, udid } = first.device;
    const own = await bench.ines.pack('northfield');
    const publicKey = toBase64Url(second.device.spki);
    expect(own.rows.find((row) => row.maker === maker && row.udid === udid)).toMatchObject({ publicKey });
    const other = await hanna.pack('hanna-home');
    expect(other.digests).toContain(await rowDigest(other.salt, udid, second.device.spki, nodeCrypto));
  });
});

describe('the keys of a device whose binding has ended', () => {
  it('bind it anew by the last one only', async () => {
    const { first, second } = await bench.rekeyed();
    expect((await act(second, { act: 'retire' })).status).toBe(200);
    expect(await register(bench.ines, first.device)).toMatchObject(MISMATCH);
    expect(await register(bench.ines, (await bench.nextKey(first)).device)).toMatchObject(MISMATCH);
    expect(await register(bench.ines, second.device)).toMatchObject({ outcome: 'bound' });
    expect(await bench.binding(second)).toMatchObject({ firstUse: false });
  });

  it('are not asked for, once the maker’s list names yet another', async () => {
    const { second } = await bench.rekeyed();
    await act(second, { act: 'retire' });
    const third = await bench.nextKey(second);
    expect((await bench.server.importList('northfield', [rowOf(third.device)])).errors).toEqual([]);
    expect(await register(bench.ines, second.device)).toMatchObject(MISMATCH);
    const found = await register(bench.ines, second.device, { asFound: true });
    expect((await approve(found.record)).body).toMatchObject({ outcome: 'bound' });
    expect(await bench.binding(second)).toMatchObject({ firstUse: true });
    await act(second, { act: 'retire' });
    const { udid } = third.device;
    const publicKey = toBase64Url(third.device.spki);
    expect((await bench.ines.pack('northfield')).rows).toContainEqual(
      expect.objectContaining({ udid, publicKey }),
    );
    expect(await register(bench.ines, third.device)).toMatchObject({ outcome: 'bound' });
  });

  it('go with it to another organisation, which asks for the last one', async () => {
    const { first, second } = await bench.rekeyed();
    expect(await claim(first.device)).toMatchObject(MISMATCH);
    const record = (await claim(second.device)).record;
    expect(await hanna.outcome(record, 'hanna-home')).toMatchObject({ code: 'transfer_case' });
    await giveUp(second.device);
    expect(await hanna.outcome(record, 'hanna-home')).toMatchObject({ outcome: 'bound', domain: HANNA });
    expect(await bench.enrol(second)).toBe(200);
    expect(await bench.show(second)).toBe(200);
    bench.ahead = 25 * 3_600_000;
    const third = await bench.nextKey(second);
    expect(await bench.rekey(second, third)).toContain('CERTIFICATE');
    expect(await bench.show(third)).toBe(200);
    bench.ahead = 0;
    expect(await register(bench.ines, second.device)).toMatchObject(MISMATCH);
    expect(await register(bench.ines, third.device)).toMatchObject({ code: 'transfer_case' });
  });

  it('are not those that waited: none crosses a transfer', async () => {
    const { first, second } = await pending();
    const record = (await claim(second.device)).record;
    const own = (await claim(first.device)).record;
    await giveUp(first.device);
    const outcomes = [await hanna.outcome(record, 'hanna-home'), await hanna.outcome(own, 'hanna-home')];
    // The first claim was given up: its key is no longer anything.
    expect(outcomes).toMatchObject([MISMATCH, { code: 'transfer_case' }]);
    expect(await stateOf(second)).toBe('dropped');
    expect(await bench.show(second)).toBe(403);
    const [successor] = await bench.certificates(second);
    expect(await bench.stores.certificateStates.revokedBy(issuerName('northfield'))).toContainEqual(
      expect.objectContaining({ serial: successor?.serial, reason: 'affiliationChanged' }),
    );
    expect(await claim(first.device)).toMatchObject({ outcome: 'bound' });
    expect(await claim(second.device)).toMatchObject(MISMATCH);
  });

  it.each(['retire', 'replace'])('are not those that waited: %s ends it', async (how) => {
    const { first, second } = await pending();
    const { maker, udid } = (await bench.bound()).device;
    const body = how === 'replace' ? { act: 'replace', with: { maker, udid } } : { act: 'retire' };
    expect((await act(first, body)).status).toBe(200);
    expect(await stateOf(second)).toBe('dropped');
    for (const one of [first, second]) expect(await bench.show(one)).toBe(403);
    expect((await bench.certificates(first)).every(({ revokedAt }) => revokedAt !== null)).toBe(true);
    expect(await register(bench.ines, second.device)).toMatchObject(MISMATCH);
    expect(await register(bench.ines, first.device)).toMatchObject({ outcome: 'bound' });
  });
});

describe('a key that gave way', () => {
  it('is not free for another UDID, approved or not; nor is one that waits', async () => {
    const rekeyed = await bench.rekeyed();
    const waiting = await pending();
    await act(rekeyed.second, { act: 'retire' });
    for (const { device } of [rekeyed.first, rekeyed.second, waiting.second]) {
      const twin = await bench.server.listedDevice({ keys: device.keys, row: { anchor: 'udid-only' } });
      expect(await register(bench.ines, twin, { asFound: true })).toMatchObject(MISMATCH);
    }
    const { stores } = bench;
    expect(
      await stores.liveBindings.byName(rekeyed.first.device.maker, rekeyed.first.device.udid),
    ).toBeUndefined();
  });

  it('comes back by four eyes only, where a device forgot the others, and is marked for ever', async () => {
    const { first, second } = await bench.rekeyed();
    await act(second, { act: 'retire' });
    const found = await register(bench.ines, first.device, { asFound: true });
    expect(found).toMatchObject({ outcome: 'held', code: 'submitted_as_found' });
    expect((await approve(found.record)).body).toMatchObject({ outcome: 'bound' });
    expect(await bench.binding(first)).toMatchObject({ firstUse: true });
    await bench.enrol(first);
    expect(await bench.show(first)).toBe(200);
    const third = await bench.nextKey(first);
    expect(await bench.rekey(first, third)).toContain('CERTIFICATE');
    expect(await bench.show(third)).toBe(200);
    expect([await stateOf(first), await stateOf(second), await stateOf(third)]).toEqual([
      ...['former', 'former', 'current'],
    ]);
    await act(third, { act: 'retire' });
    // What was trusted at first use anchors nothing that followed it.
    expect(await register(bench.ines, third.device)).toMatchObject(MISMATCH);
  });

  it('leaves a device that was trusted at first use to a second person', async () => {
    const device = await bench.server.listedDevice({ row: { anchor: 'udid-only' } });
    await approve((await register(bench.ines, device)).record);
    const first = await bench.holder(device);
    await bench.enrol(first);
    await bench.show(first);
    const second = await bench.nextKey(first);
    await bench.rekey(first, second);
    await bench.show(second);
    expect(await bench.binding(second)).toMatchObject({ firstUse: true });
    await act(second, { act: 'retire' });
    expect(await register(bench.ines, second.device)).toMatchObject({
      outcome: 'held',
      code: 'udid_only_row',
    });
    expect(await register(bench.ines, first.device)).toMatchObject(MISMATCH);
  });

  it('stays with the device under the name that the next maker gives it', async () => {
    const { first, second } = await bench.rekeyed();
    const { maker, udid } = first.device;
    await act(second, { act: 'retire' });
    const renamed = { ...second.device, maker: 'next', udid: `next-${udid}` };
    const row = rowOf(
      { ...first.device, maker: 'next', udid: renamed.udid },
      { aliases: [udid], derivedFrom: { maker, udid } },
    );
    expect((await bench.server.importList('northfield', [row])).errors).toEqual([]);
    expect(
      await register(bench.ines, { ...renamed, spki: first.device.spki, csr: first.device.csr }),
    ).toMatchObject(MISMATCH);
    expect(await register(bench.ines, renamed)).toMatchObject({ outcome: 'bound', maker: 'next' });
  });

  it('is nothing that practice could take, by its own name or another', async () => {
    const { second } = await pending();
    const named = await makeDevice({ keys: second.device.keys });
    for (const device of [second.device, named]) {
      await bench.ines.post('/api/list?org=training', { rows: [rowOf(device, { anchor: 'udid-only' })] });
      const payload = registrationOf(device, PRACTICE, { device: { link: 'simulated' } });
      const said = await bench.ines.submit('registration+jws', payload, 'training');
      expect(said).toMatchObject(MISMATCH);
    }
    expect(await bench.show(second)).toBe(200);
  });
});

describe('revoking and suspending a device between two keys', () => {
  it('buries every key that it ever had or was about to have, and lifts them together', async () => {
    const { first, second } = await bench.rekeyed();
    bench.ahead = 25 * 3_600_000;
    const third = await bench.nextKey(second);
    expect(await bench.rekey(second, third)).toContain('CERTIFICATE');
    bench.ahead = 0;
    expect(await buried(first, second, third)).toEqual([false, false, false]);
    expect((await act(first, { act: 'revoke', reason: 'stolen' })).status).toBe(200);
    expect(await buried(first, second, third)).toEqual([true, true, true]);
    expect((await bench.certificates(first)).every(({ revokedAt }) => revokedAt !== null)).toBe(true);
    for (const one of [second, third]) {
      expect(await bench.show(one)).toBe(403);
      expect(await register(bench.ines, one.device)).toMatchObject({ code: 'tombstoned' });
    }
    const elsewhere = await bench.bound();
    expect(await bench.rekey(elsewhere, await bench.nextKey(elsewhere, { keys: third.device.keys }))).toBe(
      'tombstoned',
    );
    const { maker, udid } = first.device;
    const words = ['--maker', maker, '--udid', udid, '--by', 'sam', '--reason', 'found'];
    expect(await bench.server.fieldbind('tombstone', 'lift', ...words)).toMatchObject({ code: 0 });
    expect(await buried(first, second, third)).toEqual([false, false, false]);
    expect(await register(bench.ines, second.device)).toMatchObject({ outcome: 'bound', domain: OAK_STREET });
  });

  it('holds both certificates, and lets both go', async () => {
    const { first, second } = await pending();
    expect((await act(first, { act: 'suspend', reason: 'lost' })).status).toBe(200);
    expect(await bench.certificates(first)).toMatchObject([{ onHold: true }, { onHold: true }]);
    for (const one of [first, second]) expect(await bench.show(one)).toBe(403);
    expect(await bench.rekey(first, second)).toBe('forbidden');
    expect((await act(first, { act: 'resume' }, ada)).status).toBe(200);
    expect(await bench.show(first)).toBe(200);
    expect(await bench.show(second)).toBe(200);
    expect(await stateOf(second)).toBe('current');
  });
});
