import { CompactSign, calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import { jwkThumbprint, jwkToSpki } from '../../core/jwk.ts';
import { jwsDigest, parseJws, sealJws, signJws, verifyJws } from '../../core/jws.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { crypto, makeKey } from '../support/records.ts';

/** RFC 7515 appendix A.3. */
const RFC7515_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
} as const;
const RFC7515_JWS =
  'eyJhbGciOiJFUzI1NiJ9.' +
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.' +
  'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q';

const spkiOf = (jwk: typeof RFC7515_KEY) => jwkToSpki(jwk) ?? new Uint8Array(0);

describe('known answers', () => {
  test('RFC 7515 appendix A.3 verifies, and not with a bit changed', async () => {
    const jws = parseJws(RFC7515_JWS);
    expect(jws?.header).toEqual({ alg: 'ES256' });
    expect(jws && (await verifyJws(jws, spkiOf(RFC7515_KEY), crypto))).toBe(true);
    const changed = parseJws(RFC7515_JWS.replace('DtEh', 'DtEi'));
    expect(changed && (await verifyJws(changed, spkiOf(RFC7515_KEY), crypto))).toBe(false);
  });

  test('the thumbprint of RFC 9449 section 6.1', async () => {
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
      y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
    } as const;
    expect(await jwkThumbprint(jwk, crypto)).toBe('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I');
  });

  test('the digest of a signing input is its SHA-256 (FIPS 180-4, "abc")', async () => {
    expect(await jwsDigest('abc', crypto)).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });
});

describe('jose agrees', () => {
  test('on thumbprints, on what we sign and on what it signs', async () => {
    const key = await makeKey();
    expect(await calculateJwkThumbprint(key.jwk)).toBe(key.signer.kid);
    const ours = await signJws({ alg: 'ES256' }, { n: 1 }, key.signer);
    const sealed = await sealJws({ alg: 'ES256' }, { n: 1 }, key.signer, crypto);
    for (const one of [ours, sealed.jws]) {
      const read = await compactVerify(one, await importJWK(key.jwk, 'ES256'));
      expect(new TextDecoder().decode(read.payload)).toBe('{"n":1}');
    }
    const input = sealed.jws.slice(0, sealed.jws.lastIndexOf('.'));
    expect(sealed.digest).toBe(toBase64Url(await crypto.sha256(utf8(input))));
    expect(await nodeCrypto.digest(utf8(input))).toBe(sealed.digest);

    const pair = await globalThis.crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    const theirs = await new CompactSign(utf8('{"n":2}'))
      .setProtectedHeader({ alg: 'ES256' })
      .sign(pair.privateKey);
    const spki = new Uint8Array(await globalThis.crypto.subtle.exportKey('spki', pair.publicKey));
    const jws = parseJws(theirs);
    expect(jws?.payload).toEqual({ n: 2 });
    expect(jws && (await verifyJws(jws, spki, crypto))).toBe(true);
  });

  test('on the SubjectPublicKeyInfo of a JWK', async () => {
    const imported = await globalThis.crypto.subtle.importKey(
      'jwk',
      RFC7515_KEY,
      { name: 'ECDSA', namedCurve: 'P-256' },
      true,
      ['verify'],
    );
    const spki = new Uint8Array(await globalThis.crypto.subtle.exportKey('spki', imported));
    expect(jwkToSpki(RFC7515_KEY)).toEqual(spki);
  });
});

describe('a text that is no compact JWS of JSON objects', () => {
  const part = (value: string) => toBase64Url(utf8(value));
  const signature = toBase64Url(new Uint8Array(64));
  const good = [part('{}'), part('{}'), signature] as const;

  test('while the good one is read', () => {
    expect(parseJws(good.join('.'))).toBeDefined();
  });

  test.each([
    ['two parts', `${good[0]}.${good[1]}`],
    ['four parts', [...good, good[2]].join('.')],
    ['padding', [`${part('{} ')}=`, good[1], good[2]].join('.')],
    ['bytes that are not UTF-8', [toBase64Url(Uint8Array.of(0xff)), good[1], good[2]].join('.')],
    ['an array', [part('[]'), good[1], good[2]].join('.')],
    ['null', [good[0], part('null'), good[2]].join('.')],
    ['a number', [good[0], part('1'), good[2]].join('.')],
    ['text that is not JSON', [good[0], part('{'), good[2]].join('.')],
    ['an empty part', ['', good[1], good[2]].join('.')],
    ['a signature of 63 bytes', [good[0], good[1], toBase64Url(new Uint8Array(63))].join('.')],
    ['no signature', [good[0], good[1], ''].join('.')],
  ])('%s', (_, text) => {
    expect(parseJws(text)).toBeUndefined();
  });
});

test('a key that is no P-256 key verifies nothing, and throws nothing', async () => {
  const jws = parseJws(RFC7515_JWS);
  for (const spki of [new Uint8Array(0), new Uint8Array(91), spkiOf(RFC7515_KEY).slice(1)]) {
    expect(jws && (await verifyJws(jws, spki, crypto))).toBe(false);
  }
});

test('a coordinate of another length makes no key', () => {
  expect(jwkToSpki({ ...RFC7515_KEY, x: toBase64Url(new Uint8Array(31)) })).toBeUndefined();
  expect(jwkToSpki({ ...RFC7515_KEY, y: 'not base64!' })).toBeUndefined();
});
