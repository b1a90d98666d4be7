import 'reflect-metadata';
import { createHash } from 'node:crypto';
import type * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ListRow } from '../../contract/list-row.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { listCsv } from '../../core/list-csv.ts';
import { checkRow } from '../../server/organisations/lists/check-row.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { rowsIn } from '../support/list-rows.ts';
import { type MakerCa, makerCa } from '../support/maker-chain.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';

let server: TestServer;
let ines: TestOperator;
let acme: MakerCa;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
  acme = await makerCa();
});
afterAll(() => closeFaultless(server));

const digestOf = ({ rawData }: x509.X509Certificate) =>
  createHash('sha256').update(new Uint8Array(rawData)).digest('base64url');
const joined = (chain: readonly x509.X509Certificate[]) =>
  chain.map(({ rawData }) => toBase64Url(new Uint8Array(rawData))).join('.');

async function register(
  device: TestDevice,
  voucher: ListRow['voucher'],
  chain: readonly x509.X509Certificate[] | string | undefined,
  asFound = false,
) {
  await server.importList('northfield', [
    rowOf(device, { anchor: 'voucher', ...(voucher === undefined ? {} : { voucher }) }),
  ]);
  const text = typeof chain === 'string' ? chain : chain && joined(chain);
  const attestations = text === undefined ? [] : [{ kind: 'idevid' as const, text }];
  const payload = registrationOf(device, OAK_STREET, { asFound, device: { attestations } });
  return ines.submit('registration+jws', payload, 'northfield');
}

it('binds a key that the maker’s CA vouches for, not as first use', async () => {
  const device = await makeDevice();
  const leaf = await acme.issue(device, `CN=acme,2.5.4.5=${device.udid}`);
  const bound = await register(device, { ca: digestOf(acme.root) }, [leaf, acme.below, acme.root]);
  expect(bound).toMatchObject({ outcome: 'bound' });
  const { bindingHistory } = server.running.installation.stores;
  expect(await bindingHistory.ofUdid(device.udid)).toMatchObject([{ firstUse: false, unproven: true }]);
  // Phones look rows up by what they know; what vouches is looked at here only.
  const pack = await ines.pack('northfield');
  expect(pack.rows.find(({ udid }) => udid === device.udid)).not.toHaveProperty('voucher');
});

it('takes the CA below the root, or the very certificate, where the row names that', async () => {
  const [one, two] = [await makeDevice(), await makeDevice()];
  const leaf = await acme.issue(one, `CN=${one.udid}`);
  expect(await register(one, { ca: digestOf(acme.below) }, [leaf, acme.below])).toMatchObject({
    outcome: 'bound',
  });
  const pinned = await acme.issue(two, `CN=${two.udid}`);
  expect(await register(two, { certificate: digestOf(pinned) }, [pinned])).toMatchObject({
    outcome: 'bound',
  });
});

it('holds where none is shown', async () => {
  const voucher = { ca: digestOf(acme.root) };
  expect(await register(await makeDevice(), voucher, undefined)).toMatchObject({
    outcome: 'held',
    code: 'udid_only_row',
  });
  expect(await register(await makeDevice(), undefined, [acme.root])).toMatchObject({ outcome: 'held' });
});

it('refuses what vouches for something else', async () => {
  const ca = digestOf(acme.root);
  const other = await makerCa();
  const crooked = await makerCa({ belowIsCa: false });
  const device = await makeDevice();
  const subject = `CN=${device.udid}`;
  const leaf = await acme.issue(device, subject);
  const cases: [string, ListRow['voucher'], readonly x509.X509Certificate[] | string][] = [
    ['another key', { ca }, [await acme.issue(await makeDevice(), subject), acme.below, acme.root]],
    ['another device', { ca }, [await acme.issue(device, 'CN=acme-other'), acme.below, acme.root]],
    ['another maker', { ca }, [await other.issue(device, subject), other.below, other.root]],
    ['a chain with a gap', { ca }, [leaf, acme.root]],
    ['a chain that ends early', { ca }, [leaf, acme.below]],
    [
      'another maker’s leaf under our CA',
      { ca },
      [await other.issue(device, subject), acme.below, acme.root],
    ],
    [
      'an issuer that is no CA',
      { ca: digestOf(crooked.root) },
      [await crooked.issue(device, subject), crooked.below, crooked.root],
    ],
    ['another certificate', { certificate: digestOf(acme.root) }, [leaf]],
    ['its own CA', { ca: digestOf(leaf) }, [leaf]],
    ['nothing', { ca }, ''],
    ['no certificates', { ca }, 'AAAA.MAA'],
    ['too many', { ca }, Array.from({ length: 6 }, () => leaf)],
  ];
  for (const [what, voucher, chain] of cases)
    expect([what, await register(device, voucher, chain)]).toMatchObject([
      what,
      { outcome: 'refused', code: 'voucher_wrong' },
    ]);
  expect(await register(device, { ca }, '', true)).toMatchObject({
    outcome: 'held',
    code: 'submitted_as_found',
  });
});

it('reads and writes its columns', async () => {
  const hex = `${'AB:'.repeat(31)}AB`;
  const csv = `maker,udid,voucher_ca,voucher_certificate\nacme,acme-1,${hex},\nacme,acme-2,,${'cd'.repeat(32)}\nacme,acme-3,12,\n`;
  const { rows, faults } = await rowsIn(csv, undefined, nodeCrypto);
  expect(faults).toMatchObject([{ line: 4, code: 'voucher' }]);
  expect(rows.map(({ row }) => row)).toMatchObject([
    { udid: 'acme-1', anchor: 'voucher', voucher: { ca: Buffer.alloc(32, 0xab).toString('base64url') } },
    {
      udid: 'acme-2',
      anchor: 'voucher',
      voucher: { certificate: Buffer.alloc(32, 0xcd).toString('base64url') },
    },
  ]);
  const again = await rowsIn(listCsv(rows.map(({ row }) => row)), undefined, nodeCrypto);
  expect(again.rows.map(({ row }) => row)).toEqual(rows.map(({ row }) => row));
  const row = rows[0]?.row;
  if (row === undefined) throw new Error('no row');
  expect(checkRow(row)).toBeUndefined();
  expect(checkRow({ ...row, voucher: {} })).toMatchObject({ code: 'voucher' });
  expect(checkRow({ ...row, anchor: 'udid-only' })).toMatchObject({ code: 'anchor' });
});
