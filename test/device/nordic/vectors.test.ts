import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64Url, toHex } from '../../../core/bytes.ts';
import { parseCoseSign1, readCbor } from '../../../core/cose-sign1.ts';
import { commonNames, verifyCsr } from '../../../core/csr.ts';
import { parseKeyAttestation } from '../../../core/key-attestation.ts';
import { cryptoPort } from '../../../core/webcrypto.ts';
import { readKeygen } from '../../../src/device/drivers/nordic-modem/keygen-answer.ts';
import { parseCmng } from '../../../src/device/drivers/nordic-modem/modem.ts';
import { secTagOf } from '../../../src/device/drivers/nordic-modem/sec-tag.ts';
import { parseAtReply } from '../../../src/device/protocols/at/at.ts';
import { DeviceError } from '../../../src/ports/device.ts';
import { nodeSha256 } from '../../support/device-crypto.ts';
import { fuzzed } from '../../support/fuzzing.ts';

interface Vector {
  readonly keygen: string;
  readonly uuid: string;
  readonly sec_tag: number;
  readonly csr_sha256: string;
  readonly subject: string;
}
const file = new URL('../../fixtures/vectors/nordic-keygen.json', import.meta.url);
const vector = JSON.parse(readFileSync(file, 'utf8')) as Vector;
const cose = fromBase64Url(vector.keygen.split('.')[1] ?? '') ?? new Uint8Array(0);
const printed = `+CEREG: 2\r\n%KEYGEN: "${vector.keygen}"\r\nOK\r\n`;

describe('Nordic’s published %KEYGEN answer', () => {
  it('is a request that verifies, with the digest, tag and UUID its attestation states', async () => {
    const made = await readKeygen(printed, vector.sec_tag, nodeSha256);
    expect(toHex(made.attestation.digest)).toBe(vector.csr_sha256);
    expect(toHex(await nodeSha256.sha256(made.csr))).toBe(vector.csr_sha256);
    expect(made.attestation).toMatchObject({ about: 9, uuid: vector.uuid, secTag: 17 });
    expect(await verifyCsr(made.request, cryptoPort(globalThis.crypto))).toBe('valid');
    expect(commonNames(made.request).map((name) => `CN=${name}`)).toEqual([vector.subject]);
  });

  it('is refused with any character of the request changed', async () => {
    const at = printed.indexOf('"') + 1;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(vector.keygen.indexOf('.') - 2),
        fc.constantFrom('A', 'x', '_'),
        async (i, c) => {
          fc.pre(printed[at + i] !== c);
          const changed = printed.slice(0, at + i) + c + printed.slice(at + i + 1);
          const error = await readKeygen(changed, 17, nodeSha256).catch((e: unknown) => e);
          expect(error).toBeInstanceOf(DeviceError);
          expect(['attestation_mismatch', 'device_garbage']).toContain((error as DeviceError).code);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is refused for another tag', async () => {
    await expect(readKeygen(printed, 18, nodeSha256)).rejects.toMatchObject({ code: 'attestation_mismatch' });
  });
});

describe('the modem’s parsers', () => {
  it('read final results only as lines of their own', () => {
    expect(parseAtReply('352656100367872\r\nOK\r\n')).toMatchObject({ ok: true });
    expect(parseAtReply('\r\n+CME ERROR: 519\r\n')).toMatchObject({ ok: false, cme: 519 });
    expect(parseAtReply('+CME ERROR: 51')).toBeUndefined();
    expect(parseAtReply('%KEYGEN: "OK\r')).toBeUndefined();
    expect(parseAtReply('NOK\r\nOKAY\r\n')).toBeUndefined();
  });

  it('read the list among other lines, and the tag from it', () => {
    const digest = '2C43952EE9E000FF2ACC4E2ED0897C0A72AD5FA72C3D934E81741CBD54F05BD1';
    const list = parseCmng(
      `%CMNG: 42,0,"${digest}"\r\n+CEREG: 1\r\n%CMNG: 42,2\r\n%CMNG: 4294967292,11,"${digest}"\r\n`,
    );
    expect(list.map(({ tag, type }) => [tag, type])).toEqual([
      [42, 0],
      [42, 2],
      [4294967292, 11],
    ]);
    expect(list[0]?.digest).toBe(digest.toLowerCase());
    expect(secTagOf(list)).toBe(42);
    expect(secTagOf([])).toBe(16_842_753);
  });

  it('survive random and mutated inputs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        readCbor(bytes);
        parseCoseSign1(bytes);
        parseKeyAttestation(bytes);
      }),
      fuzzed(10_000),
    );
    fc.assert(
      fc.property(fc.nat(cose.length - 1), fc.nat(255), fc.nat(cose.length), (at, value, end) => {
        const changed = cose.slice(0, end);
        if (at < end) changed[at] = value;
        const found = parseKeyAttestation(changed);
        if (found !== undefined) expect(found.digest.length).toBe(32);
      }),
      fuzzed(20_000),
    );
    const pieces = fc.constantFrom(
      'OK',
      'ERROR',
      '\r\n',
      '\n',
      '+CME ERROR: ',
      '519',
      '%CMNG: 1,0,"',
      '"',
      'x',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 20 })), { maxLength: 40 }), (parts) => {
        const text = parts.join('');
        const reply = parseAtReply(text);
        if (reply !== undefined) expect(text.startsWith(reply.text)).toBe(true);
        expect(parseCmng(text).length).toBeLessThanOrEqual(256);
      }),
      fuzzed(10_000),
    );
  });
});
