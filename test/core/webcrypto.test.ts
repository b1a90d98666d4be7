import { expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import { cryptoPort, type WebCrypto } from '../../core/webcrypto.ts';
import { opensslDevice } from '../support/csr.ts';
import { crypto, makeKey } from '../support/records.ts';

const data = utf8('data');

test('a good signature is valid, any other and any unusable key invalid', async () => {
  const key = await makeKey();
  const signature = await key.signer.sign(data);
  const verify = (spki: Uint8Array, made: Uint8Array) => crypto.verify('ES256', spki, made, data);
  expect(await verify(key.spki, signature)).toBe('valid');
  expect(await verify(key.spki, new Uint8Array(64))).toBe('invalid');
  expect(await verify(key.spki, signature.slice(1))).toBe('invalid');
  expect(await verify(new Uint8Array(3), signature)).toBe('invalid');
  expect(await verify(opensslDevice('RSA-2048').spki, signature)).toBe('invalid');
  const offCurve = Uint8Array.from(key.spki);
  offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
  expect(await verify(offCurve, signature)).toBe('invalid');
});

test('only an algorithm that the runtime lacks is not offered', async () => {
  const failing = (name: string): WebCrypto => ({
    getRandomValues: (into) => into,
    subtle: {
      digest: async () => new ArrayBuffer(32),
      importKey: async () => {
        throw new DOMException('no', name);
      },
      verify: async () => true,
    },
  });
  const verdict = (name: string) => cryptoPort(failing(name)).verify('EdDSA', data, data, data);
  expect(await verdict('NotSupportedError')).toBe('not_offered');
  expect(await verdict('DataError')).toBe('invalid');
});

test('bytes on shared memory are copied, not refused', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set([1, 2, 3]);
  expect(await crypto.sha256(shared)).toEqual(await crypto.sha256(Uint8Array.of(1, 2, 3)));
});

test('random bytes are as many as asked for, and not the same twice', () => {
  expect(crypto.random(16)).toHaveLength(16);
  expect(crypto.random(16)).not.toEqual(crypto.random(16));
});
