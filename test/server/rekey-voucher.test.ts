import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ListRow } from '../../contract/list-row.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { type KeyHolder, RekeyBench } from '../support/rekey.ts';
import { makeDevice, rowOf } from '../support/server-device.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';

// What vouches for devices that change their keys, and what stands against them.

const DAY = 24 * 3_600_000;
const HELD = { outcome: 'held', code: 'udid_only_row' };

let bench: RekeyBench;
let sam: TestOperator;
beforeAll(async () => {
  bench = await RekeyBench.start();
  await bench.policy({ rekey: 'allow' });
  sam = await bench.server.signIn('sam');
});
afterAll(() => bench.close());
afterEach(() => {
  bench.ahead = 0;
});

const digestOf = async ({ spki }: { readonly spki: Uint8Array<ArrayBuffer> }) =>
  toBase64Url(await nodeCrypto.sha256(spki));
let digests = 0;
const someDigest = () => toBase64Url(new Uint8Array(32).fill(++digests));
const hold = async (tpm: string, ...holders: readonly KeyHolder[]) => {
  for (const { device } of holders)
    await bench.stores.tpms.recordKey(tpm, await digestOf(device), new Date().toISOString());
};
const retire = async ({ device: { maker, udid } }: KeyHolder) =>
  expect(
    await sam.post(`/api/devices/${maker}/${udid}?org=northfield`, { act: 'retire', because: 'test' }),
  ).toMatchObject({ status: 200 });

async function list(...rows: readonly ListRow[]): Promise<void> {
  expect((await bench.server.importList('northfield', rows)).errors).toEqual([]);
}

/** The device's row from now on. */
const vouch = ({ device }: KeyHolder, voucher: ListRow['voucher']) =>
  list(rowOf(device, { anchor: 'voucher', ...(voucher === undefined ? {} : { voucher }) }));

describe('a key that a device took, once its binding has ended', () => {
  it('binds it by the TPM that its row names, and by no other one', async () => {
    const [one, two] = [someDigest(), someDigest()];
    const first = await bench.holder(await makeDevice());
    const second = await bench.nextKey(first);
    await hold(one, first, second);
    await vouch(first, { tpm: one });
    expect(await register(bench.ines, first.device)).toMatchObject({ outcome: 'bound' });
    await bench.enrol(first);
    await bench.show(first);
    expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
    expect(await bench.show(second)).toBe(200);
    await retire(second);
    await vouch(first, { tpm: two });
    expect(await register(bench.ines, second.device)).toMatchObject(HELD);
    await vouch(first, { tpm: one });
    expect(await register(bench.ines, second.device)).toMatchObject({ outcome: 'bound' });
    await retire(second);
    await vouch(first, { tpm: two });
    await hold(two, second);
    expect(await register(bench.ines, second.device)).toMatchObject({ outcome: 'bound' });
  });

  it('is held where its row has named something else since that does not vouch for it', async () => {
    const { first, second } = await bench.rekeyed();
    await retire(second);
    const elsewhere = await makeDevice();
    const since: ListRow['voucher'][] = [
      { tpm: someDigest() },
      { ca: someDigest() },
      { certificate: someDigest() },
      { key: await digestOf(elsewhere) },
      { key: await digestOf(first.device), tpm: someDigest() },
    ];
    for (const voucher of since) {
      await vouch(first, voucher);
      expect(await register(bench.ines, second.device)).toMatchObject(HELD);
    }
    await vouch(first, { key: await digestOf(first.device) });
    expect(await register(bench.ines, second.device)).toMatchObject({ outcome: 'bound' });
    expect(await bench.binding(second)).toMatchObject({ firstUse: false });
  });

  it('is none of its own where it was never shown, whatever the row names', async () => {
    const { second } = await bench.rekeyed();
    bench.ahead = 2 * DAY;
    const third = await bench.nextKey(second);
    expect(await bench.rekey(second, third)).toContain('CERTIFICATE');
    bench.ahead = 300 * DAY;
    expect((await second.est.ask('simplereenroll', { show: 'leaf.pem' })).status).toBe(200);
    bench.ahead = 0;
    await retire(second);
    await list(rowOf(third.device));
    const outcome = { outcome: 'refused', code: 'key_mismatch' };
    expect(await register(bench.ines, second.device)).toMatchObject(outcome);
  });
});

describe('another key is refused', () => {
  it('where what the row names vouches for its own key only', async () => {
    const first = await bench.bound();
    const second = await bench.nextKey(first);
    const key = await digestOf(second.device);
    const named: ListRow['voucher'][] = [
      { ca: someDigest() },
      { certificate: someDigest() },
      { key: await digestOf(first.device) },
      { key, ca: someDigest() },
    ];
    for (const voucher of named) {
      await vouch(first, voucher);
      expect(await bench.rekey(first, second)).toBe('voucher_missing');
    }
    await vouch(first, { key });
    expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
    expect(await bench.show(second)).toBe(200);
    await retire(second);
    expect(await register(bench.ines, second.device)).toMatchObject({ outcome: 'bound' });
  });

  it('where the bound one is buried under another name', async () => {
    const first = await bench.bound();
    const { keys } = first.device;
    await list(rowOf(first.device, { anchor: 'udid-only' }));
    const twin = await bench.server.listedDevice({ keys });
    const words = ['--udid', twin.udid, '--maker', twin.maker, '--reason', 'keyCompromise'];
    expect((await bench.server.fieldbind('revoke', ...words)).code).toBe(0);
    expect(await bench.show(first)).toBe(200);
    expect(await bench.rekey(first, await bench.nextKey(first))).toBe('tombstoned');
  });

  it('where the device was revoked by what an earlier maker called it', async () => {
    const { maker, udid } = await bench.server.listedDevice();
    const renamed = await makeDevice({ maker: 'next', udid: `next-${udid}` });
    await list(rowOf(renamed, { derivedFrom: { maker, udid } }));
    expect(await register(bench.ines, renamed)).toMatchObject({ outcome: 'bound' });
    const holder = await bench.holder(renamed);
    await bench.enrol(holder);
    await bench.show(holder);
    const words = ['--udid', udid, '--maker', maker, '--reason', 'keyCompromise'];
    expect((await bench.server.fieldbind('revoke', ...words)).code).toBe(0);
    expect(await bench.rekey(holder, await bench.nextKey(holder))).toBe('tombstoned');
  });
});
