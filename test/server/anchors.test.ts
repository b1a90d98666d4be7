import { createHash, webcrypto } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListRow } from '../../contract/list-row.ts';
import type { Registration } from '../../contract/registration.ts';
import { fromHex, toBase64Url } from '../../core/bytes.ts';
import { checkRow } from '../../server/organisations/lists/check-row.ts';
import { attestationToken, attestRequest } from '../../simulator/profiles/nordic/attestation.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';

const UUID = '50363154-3931-44f0-8022-121b6401627d';
const UUID_BYTES = fromHex(UUID.replaceAll('-', '')) ?? new Uint8Array();

let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(() => closeFaultless(server));

type Attestations = NonNullable<Registration['device']['attestations']>;

async function register(device: TestDevice, row: Partial<ListRow>, attestations: Attestations = []) {
  const listed = await server.importList('northfield', [rowOf(device, { anchor: 'voucher', ...row })]);
  expect(listed.errors).toEqual([]);
  const payload = registrationOf(device, OAK_STREET, { device: { attestations } });
  return ines.submit('registration+jws', payload, 'northfield');
}

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

describe('a row that names the thumbprint of a key', () => {
  it('binds that key, and refuses another', async () => {
    const [one, two] = [await makeDevice(), await makeDevice()];
    const key = toBase64Url(sha256(one.spki));
    expect(await register(one, { voucher: { key } })).toMatchObject({ outcome: 'bound' });
    expect(await register(two, { voucher: { key } })).toMatchObject({ code: 'voucher_wrong' });
    const { bindingHistory } = server.running.installation.stores;
    expect(await bindingHistory.ofUdid(one.udid)).toMatchObject([{ firstUse: false }]);
  });

  it('binds nothing if it names something further that says nothing', async () => {
    const device = await makeDevice();
    const key = toBase64Url(sha256(device.spki));
    const tpm = toBase64Url(sha256(Uint8Array.of(1)));
    expect(await register(device, { voucher: { key, tpm } })).toMatchObject({ outcome: 'held' });
  });
});

describe('a row that names an attestation key', () => {
  const identity = async () => {
    const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    const spki = new Uint8Array(await webcrypto.subtle.exportKey('spki', pair.publicKey));
    return { key: pair.privateKey, spki: toBase64Url(spki) };
  };
  const stating = async (
    by: { key: webcrypto.CryptoKey },
    csr: Uint8Array,
    { uuid = UUID_BYTES, digest = sha256(csr) } = {},
  ): Promise<Attestations> => {
    const cose = await attestRequest(by.key as CryptoKey, { uuid, tag: 17, digest });
    return [{ kind: 'nordic-keygen', text: `${toBase64Url(csr)}.${cose}` }];
  };
  const rowFor = (...keys: string[]): Partial<ListRow> => ({
    aliases: [`uuid-${UUID}`],
    voucher: { attestation: keys },
  });

  it('binds the key of a request that the modem says it made', async () => {
    const [maker, other] = [await identity(), await identity()];
    const device = await makeDevice();
    const given = await stating(maker, device.csr);
    expect(await register(device, rowFor(other.spki, maker.spki), given)).toMatchObject({ outcome: 'bound' });
  });

  it('holds where nothing is stated, or only who the modem is', async () => {
    const maker = await identity();
    const device = await makeDevice();
    expect(await register(device, rowFor(maker.spki))).toMatchObject({ outcome: 'held' });
    const text = await attestationToken(maker.key as CryptoKey, UUID_BYTES, undefined);
    const token: Attestations = [{ kind: 'nordic-attesttoken', text }];
    expect(await register(device, rowFor(maker.spki), token)).toMatchObject({ outcome: 'held' });
  });

  it('refuses what another key, another modem, or the modem of another request states', async () => {
    const [maker, other] = [await identity(), await identity()];
    const device = await makeDevice();
    const foreign = await makeDevice();
    const cases: Attestations[] = [
      await stating(other, device.csr),
      await stating(maker, device.csr, { uuid: new Uint8Array(16).fill(7) }),
      await stating(maker, device.csr, { digest: sha256(foreign.csr) }),
      await stating(maker, foreign.csr),
      [{ kind: 'nordic-keygen', text: 'AAAA.AAAA' }],
    ];
    for (const given of cases)
      expect(await register(device, rowFor(maker.spki), given)).toMatchObject({ code: 'voucher_wrong' });
  });

  it('must be P-256, and say by which UUID the modem goes', async () => {
    const { spki } = await identity();
    const row: ListRow = { maker: 'acme', udid: 'acme-1', anchor: 'voucher', ...rowFor(spki), aliases: [] };
    expect(checkRow(row)).toMatchObject({ code: 'voucher' });
    expect(checkRow({ ...row, aliases: [`uuid-${UUID}`] })).toBeUndefined();
    const p384 = await makeDevice({ algorithm: 'P-384' });
    const voucher = { attestation: [toBase64Url(p384.spki)] };
    expect(checkRow({ ...row, aliases: [`uuid-${UUID}`], voucher })).toMatchObject({ code: 'voucher' });
  });
});
