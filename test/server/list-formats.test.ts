import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListRow } from '../../contract/list-row.ts';
import { toBase64, toHex } from '../../core/bytes.ts';
import { listHeader, listLine } from '../../core/list-csv.ts';
import { toPem } from '../../core/pem.ts';
import {
  csvPieces,
  jsonPieces,
  type Piece,
  type Position,
  START,
} from '../../server/organisations/lists/pieces.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { inFolder, openssl } from '../support/csr.ts';
import { rowsIn } from '../support/list-rows.ts';
import { makeDevice, rowOf } from '../support/server-device.ts';

const read = (text: string, maker?: string) => rowsIn(text, maker, nodeCrypto);
const rowsOf = async (text: string, maker?: string) => {
  const { rows, faults } = await read(text, maker);
  expect(faults).toEqual([]);
  return rows.map(({ row }) => row);
};
const IMEI = '352656100367872';
const UUID = '50363154-3931-44f0-8022-121b6401627d';

describe('a list’s format is told by what stands in the file', () => {
  it('JSON, as an array and one object a line, each row by its line', async () => {
    const [one, two] = [rowOf(await makeDevice()), rowOf(await makeDevice(), { model: 'a } "\\" {' })];
    expect(await rowsOf(JSON.stringify([one, two], null, 1))).toEqual([one, two]);
    const lines = [one, { ...two, colour: 'red' }, two].map((row) => JSON.stringify(row)).join('\n');
    const { rows, faults } = await read(lines);
    expect(rows.map(({ line, row }) => [line, row])).toEqual([
      [1, one],
      [3, two],
    ]);
    expect(faults).toMatchObject([{ line: 2, code: 'row_invalid' }]);
    expect((await read(`[${JSON.stringify(one)}; {}]`)).faults).toMatchObject([{ line: 1, code: 'broken' }]);
  });

  it('every column of our CSV, there and back', async () => {
    const { spki } = await makeDevice();
    const key = toBase64(spki).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
    const digest = `${'D'.repeat(42)}A`;
    const row: ListRow = {
      ...{ maker: 'acme', udid: 'acme-1', aliases: [`uuid-${UUID}`], anchor: 'voucher' },
      voucher: { ca: digest, certificate: digest, key: digest, attestation: [key, key], tpm: digest },
      ...{ model: 'M, 1', order: 'O', derivedFrom: { maker: 'nordic', udid: `imei-${IMEI}` } },
    };
    expect(await rowsOf(listHeader(true) + listLine(row, true))).toEqual([row]);
  });

  it('Nordic’s attestation tokens and nRF Cloud’s onboarding file', async () => {
    const token = `${'A'.repeat(30)}.${'B'.repeat(30)}`;
    const line = `${IMEI},${UUID.toUpperCase()},${token},2026-11-21T09:30:00+01:00\n`;
    expect(await rowsOf(line, 'nordic')).toMatchObject([
      { maker: 'nordic', udid: `imei-${IMEI}`, aliases: [IMEI, UUID, `uuid-${UUID}`] },
    ]);
    expect((await read(line)).faults).toMatchObject([{ code: 'columns' }]);
    const { pem, spki } = inFolder((at) => {
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key')];
      openssl('req', '-x509', ...key, '-subj', '/CN=x', '-out', at('pem'));
      openssl('pkey', '-in', at('key'), '-pubout', '-outform', 'DER', '-out', at('spki'));
      return { pem: readFileSync(at('pem'), 'utf8'), spki: readFileSync(at('spki')) };
    });
    const onboard = `nrf-${IMEI},gateway,a|b,APP|MODEM,"${pem}"\nSN7,,,,"no certificate"\n`;
    const { rows, faults } = await read(onboard, 'nordic');
    expect(rows.map(({ row }) => row)).toMatchObject([
      { udid: `imei-${IMEI}`, anchor: 'key', model: 'gateway', publicKey: spki.toString('base64url') },
    ]);
    expect(faults).toMatchObject([{ code: 'public_key_malformed' }]);
  });

  it('an identity and its key, with a header of another system or none', async () => {
    const { spki } = await makeDevice();
    const publicKey = Buffer.from(spki).toString('base64url');
    const forms = [toBase64(spki), `"${toPem('PUBLIC KEY', spki)}"`, toHex(spki.subarray(26)), publicKey];
    for (const form of forms) {
      for (const header of ['device-id,pubkey\n', ''])
        expect(await rowsOf(`${header}SN-1,${form}\n`, 'acme')).toMatchObject([
          { udid: 'acme-sn-1', anchor: 'key', publicKey, aliases: ['SN-1'] },
        ]);
    }
  });

  it('a TPM’s endorsement key as PEM, as DER, as a digest and in its certificate', async () => {
    const { spki } = await makeDevice();
    const digest = toHex(await nodeCrypto.sha256(spki));
    const text = ['maker,udid,tpm_ek', `acme,acme-1,"${toPem('PUBLIC KEY', spki)}"`];
    const rows = await rowsOf([...text, `acme,acme-2,${toBase64(spki)}`, `acme,acme-3,${digest}`].join('\n'));
    expect(new Set(rows.map(({ voucher }) => voucher?.tpm)).size).toBe(1);
    expect(rows[0]).toMatchObject({ anchor: 'voucher' });
    expect((await read(`${text[0]}\nacme,acme-1,nonsense!\n`)).faults).toMatchObject([{ code: 'voucher' }]);
  });
});

describe('records', () => {
  const chunked = async function* (bytes: Uint8Array, size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  const all = async (pieces: AsyncGenerator<Piece>) => {
    const out: Piece[] = [];
    for await (const piece of pieces) out.push(piece);
    return out;
  };

  it.each([
    ['CSV', csvPieces, fc.array(fc.constantFrom('a,b\n', '"x\n""y",z\r\n', 'é,\n', '\n'))],
    ['JSON', jsonPieces, fc.array(fc.constantFrom('{"a":"}\\""}', ',\n', ' ', '{"b":{"c":["é{"]}}\n'))],
  ] as const)('of %s are the same however they come, and from any of them on', async (_name, cut, parts) => {
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 1, max: 9 }), fc.nat(), async (some, size, pick) => {
        const bytes = Buffer.from(some.join(''));
        const whole = await all(cut(chunked(bytes, bytes.length || 1), START));
        expect(await all(cut(chunked(bytes, size), START))).toEqual(whole);
        const at = pick % (whole.length + 1);
        const from: Position = at === 0 ? START : (whole[at - 1]?.next ?? START);
        expect(await all(cut(chunked(bytes.subarray(from.offset), size), from))).toEqual(whole.slice(at));
      }),
    );
  });

  it('without an end are not held for ever', async () => {
    const endless = `"${'x'.repeat(200_000)}`;
    await expect(all(csvPieces(chunked(Buffer.from(endless), 1000), START))).rejects.toThrow('does not end');
    const deep = Buffer.from('{'.repeat(200_000));
    await expect(all(jsonPieces(chunked(deep, 1000), START))).rejects.toThrow('does not end');
  });
});
