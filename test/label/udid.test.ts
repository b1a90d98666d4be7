import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bytes } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import {
  isMakerName,
  isUdid,
  udidFromImei,
  udidFromKey,
  udidFromMac,
  udidFromSerial,
  udidFromUuid,
} from '../../core/udid.ts';

const crypto: Pick<CryptoPort, 'sha256'> = {
  sha256: async (data) => new Uint8Array(createHash('sha256').update(data).digest()) as Bytes,
};

const maker = fc.stringMatching(/^[a-z][a-z0-9]{1,15}$/).filter(isMakerName);
const serial = fc.oneof(
  fc.stringMatching(/^[A-Z0-9-]{1,60}$/),
  fc.stringMatching(/^[A-Za-z0-9 ._/-]{1,60}$/),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
);

async function udid(name: string, text: string): Promise<string> {
  const result = await udidFromSerial(crypto, name, text);
  return result.ok ? result.udid : result.code;
}

test('two different serials never share a UDID, of one maker or of two', async () => {
  await fc.assert(
    fc.asyncProperty(maker, serial, maker, serial, async (m1, s1, m2, s2) => {
      fc.pre(m1 !== m2 || s1 !== s2);
      expect(await udid(m1, s1)).not.toBe(await udid(m2, s2));
    }),
  );
});

test('serials that differ in case, in a hyphen or by the maker stay apart', async () => {
  const near: [string, string][] = [
    ['acme', 'AB-1'],
    ['acme', 'ab-1'],
    ['acme', 'Ab-1'],
    ['acme', 'AB-1-'],
    ['acme', '-AB-1'],
    ['acme', 'AB1'],
    ['acme', 'AB--1'],
    ['acme', ' AB-1'],
    ['acme', 'AB\u20101'],
    ['ac', 'ME-AB-1'],
    ['acmea', 'B-1'],
    ['acme', 'e\u0301'],
    ['acme', '\u00e9'],
  ];
  const udids = await Promise.all(near.map(([m, s]) => udid(m, s)));
  expect(new Set(udids).size).toBe(near.length);
});

test('a UDID is one DNS label, and is recognised', async () => {
  await fc.assert(
    fc.asyncProperty(maker, serial, async (m, s) => {
      const text = await udid(m, s);
      expect(text).toMatch(/^(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
      expect(isUdid(text)).toBe(true);
    }),
  );
});

test('a hashed UDID cannot be written as a plain one', async () => {
  const hashed = await udid('acme', 'needs hashing');
  expect(hashed).toMatch(/^h-[0-9a-v]{51}[0g]$/);
  expect(isMakerName('h')).toBe(false);
  expect(await udid('acme', hashed.toUpperCase())).toBe(`acme-${hashed}`);
});

test('a serial is plain up to 63 characters in all, and hashed above', async () => {
  expect(await udid('acme', 'A'.repeat(58))).toBe(`acme-${'a'.repeat(58)}`);
  expect(await udid('acme', 'A'.repeat(59))).toMatch(/^h-/);
});

test('what is no serial, or no maker, is refused', async () => {
  expect(await udid('acme', '')).toBe('serial_malformed');
  expect(await udid('acme', 'A'.repeat(1025))).toBe('serial_malformed');
  expect(await udid('acme', '\ud800')).toBe('serial_malformed');
  for (const name of ['', 'a', 'Acme', 'ac-me', '1acme', 'imei', 'mac', 'uuid', 'key', 'a'.repeat(17)]) {
    expect(await udid(name, 'A1')).toBe('maker_name');
  }
});

test('the key of a keyless label is its digest', async () => {
  const one = await udidFromKey(crypto, Uint8Array.of(1));
  expect(isUdid(one)).toBe(true);
  expect(one).not.toBe(await udidFromKey(crypto, Uint8Array.of(2)));
  // RFC 4648 base32hex of SHA-256 of the one byte 01, written by Python's base64.b32hexencode.
  expect(one).toBe('key-9fqh4bpk8lacaeuu5qtopklnsf8m02mm671ob9enpjh3ots58md0');
});

test('every Luhn digit but one is refused', () => {
  const body = '35209900176148';
  const good = [...'0123456789'].filter((digit) => udidFromImei(body + digit).ok);
  expect(good).toEqual(['1']);
});

test('one digit changed, or two neighbours swapped, is found', () => {
  const valid = '352099001761481';
  fc.assert(
    fc.property(fc.nat(14), fc.integer({ min: 1, max: 9 }), (at, by) => {
      const digit = (Number(valid[at]) + by) % 10;
      expect(udidFromImei(valid.slice(0, at) + digit + valid.slice(at + 1)).ok).toBe(false);
    }),
  );
});

test('the forms of one address are one UDID', () => {
  fc.assert(
    fc.property(fc.constantFrom(6, 8), fc.infiniteStream(fc.nat(255)), (octets, stream) => {
      const hex = [...stream.take(octets)].map((b) => b.toString(16).padStart(2, '0'));
      fc.pre(!/^(0+|f+)$/.test(hex.join('')));
      const fours = hex.join('').match(/.{4}/g)?.join('.') ?? '';
      for (const form of [hex.join(''), hex.join(':'), hex.join('-').toUpperCase(), fours]) {
        expect(udidFromMac(form)).toEqual({ ok: true, udid: `mac-${hex.join('')}` });
      }
    }),
  );
});

test('the forms of one UUID are one UDID', () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      fc.pre(!/^[0-]+$|^[f-]+$/.test(uuid));
      for (const form of [
        uuid,
        uuid.toUpperCase(),
        uuid.replaceAll('-', ''),
        `{${uuid}}`,
        `urn:uuid:${uuid}`,
      ]) {
        expect(udidFromUuid(form)).toEqual({ ok: true, udid: `uuid-${uuid}` });
      }
    }),
  );
});

test.each([
  'mqtt',
  'www',
  'd',
  '',
  '-',
  'acme',
  'acme-',
  '-acme',
  'acme-1-',
  'acme--1',
  'Acme-1',
  'acme-1.2',
  'acme:1',
  'imei-352099001761482',
  'imei-35-209900-176148-1',
  'imei-000000000000000',
  'mac-001A2B3C4D5E',
  'mac-00',
  'uuid-f47ac10b',
  'key-abc',
  'h-abc',
  'h-1',
  'x-1',
  `h-${'0'.repeat(51)}1`,
  'www-1',
  'acme-1\n',
  `acme-${'a'.repeat(59)}`,
])('%j is no UDID', (text) => {
  expect(isUdid(text)).toBe(false);
});
