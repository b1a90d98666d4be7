import { describe, expect, test } from 'vitest';
import { concat, fromHex } from '../../core/bytes.ts';
import { DerError, DerReader } from '../../core/der.ts';
import { ecdsaToFixed, isStrong, parseSpki } from '../../core/spki.ts';
import { opensslDevice } from '../support/csr.ts';
import { tlv } from '../support/hand-made-der.ts';

const hex = (text: string) => fromHex(text) ?? new Uint8Array(0);
const RSA_OID = tlv(0x06, hex('2a864886f70d010101'));
const EC_OID = tlv(0x06, hex('2a8648ce3d0201'));
const P256_OID = tlv(0x06, hex('2a8648ce3d030107'));

function rsa(modulus: Uint8Array, exponent: Uint8Array, parameters = tlv(0x05)): Uint8Array {
  const numbers = tlv(0x30, tlv(0x02, modulus), tlv(0x02, exponent));
  return tlv(0x30, tlv(0x30, RSA_OID, parameters), tlv(0x03, Uint8Array.of(0), numbers));
}
const modulus = (bits: number) => {
  const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  bytes[0] = 0xff >> ((8 - (bits % 8)) % 8);
  return bits % 8 === 0 ? concat(Uint8Array.of(0), bytes) : bytes;
};
const F4 = hex('010001');

describe('keys as OpenSSL writes them', () => {
  test.each([
    ['P-256', { type: 'P-256', algorithm: 'ES256', bits: 256 }, true],
    ['P-384', { type: 'P-384', algorithm: 'ES384', bits: 384 }, true],
    ['RSA-2048', { type: 'RSA', algorithm: 'RS256', bits: 2048 }, true],
    ['RSA-1024', { type: 'RSA', algorithm: 'RS256', bits: 1024 }, false],
    ['Ed25519', { type: 'Ed25519', algorithm: 'EdDSA', bits: 256 }, true],
  ] as const)('%s', (key, info, strong) => {
    const parsed = parseSpki(opensslDevice(key).spki);
    expect(parsed).toEqual(info);
    expect(isStrong(parsed)).toBe(strong);
  });

  test.each(['P-521', 'RSA-e3'] as const)('%s is not accepted', (key) => {
    expect(() => parseSpki(opensslDevice(key).spki)).toThrow(DerError);
  });
});

describe('RSA', () => {
  test.each([1023, 1024, 2041, 2047, 2048, 3072, 8192])('a modulus of %i bits is counted so', (bits) => {
    expect(parseSpki(rsa(modulus(bits), F4)).bits).toBe(bits);
  });

  test.each([
    ['a modulus over 8192 bits', rsa(modulus(8193), F4)],
    ['a modulus of zero', rsa(hex('00'), F4)],
    ['a negative modulus', rsa(new Uint8Array(256).fill(0xff), F4)],
    ['an exponent of 3', rsa(modulus(2048), hex('03'))],
    ['an exponent of 65535', rsa(modulus(2048), hex('00ffff'))],
    ['an even exponent', rsa(modulus(2048), hex('010002'))],
    ['a large even exponent', rsa(modulus(2048), hex('0100000000'))],
    ['an exponent over 64 bits', rsa(modulus(2048), hex('01'.padEnd(18, '0').concat('01')))],
    ['something in the NULL', rsa(modulus(2048), F4, tlv(0x05, hex('00')))],
    ['no NULL', rsa(modulus(2048), F4, new Uint8Array(0))],
  ])('refuses %s', (_, der) => {
    expect(() => parseSpki(der)).toThrow(DerError);
  });

  test('an exponent beyond 65537 is fine', () => {
    expect(parseSpki(rsa(modulus(2048), hex('0100000001'))).bits).toBe(2048);
  });
});

describe('points', () => {
  const ec = (point: Uint8Array, ...parameters: readonly Uint8Array[]) =>
    tlv(0x30, tlv(0x30, EC_OID, ...parameters), tlv(0x03, Uint8Array.of(0), point));
  const point = concat(Uint8Array.of(4), new Uint8Array(64).fill(1));

  test('an uncompressed one is read', () => {
    expect(parseSpki(ec(point, P256_OID)).type).toBe('P-256');
  });

  test.each([
    ['compressed', ec(concat(Uint8Array.of(2), new Uint8Array(32)), P256_OID)],
    ['too short', ec(point.slice(0, 64), P256_OID)],
    ['too long', ec(concat(point, Uint8Array.of(0)), P256_OID)],
    ['empty', ec(new Uint8Array(0), P256_OID)],
    ['without a curve', ec(point)],
    ['with something after the curve', ec(point, P256_OID, tlv(0x05))],
  ])('refuses one that is %s', (_, der) => {
    expect(() => parseSpki(der)).toThrow(DerError);
  });
});

describe('an ECDSA signature', () => {
  const signature = (r: string, s: string) => tlv(0x30, tlv(0x02, hex(r)), tlv(0x02, hex(s)));

  test('is padded to the size of the curve', () => {
    const fixed = ecdsaToFixed(signature('01', '00ff'), 256);
    expect(fixed).toHaveLength(64);
    expect([fixed[31], fixed[63]]).toEqual([1, 0xff]);
    expect(ecdsaToFixed(signature('01', '01'), 384)).toHaveLength(96);
  });

  test.each([
    ['a third number', tlv(0x30, tlv(2, hex('01')), tlv(2, hex('01')), tlv(2, hex('01')))],
    ['one number', tlv(0x30, tlv(2, hex('01')))],
    ['a negative number', signature('ff', '01')],
    ['a number too large', signature(`01${'00'.repeat(32)}`, '01')],
    ['bytes after it', concat(signature('01', '01'), hex('00'))],
  ])('refuses %s', (_, der) => {
    expect(() => ecdsaToFixed(der, 256)).toThrow(DerError);
  });
});

test('a key with anything after it is refused: one key has one DER', () => {
  const { spki } = opensslDevice('P-256');
  const inner = new DerReader(spki).next().content;
  expect(() => parseSpki(concat(spki, hex('0500')))).toThrow(DerError);
  expect(() => parseSpki(tlv(0x30, inner, tlv(0x05)))).toThrow(DerError);
});
