import { expect, test } from 'vitest';
import { concat, equalBytes, fromHex } from '../../core/bytes.ts';
import { uncompressedSpki } from '../../core/label/compressed-point.ts';

/** AlgorithmIdentifier in front of the point, and WebCrypto's name of the curve. */
const CURVES = [
  { name: 'P-256', head: '3039301306072a8648ce3d020106082a8648ce3d030107032200', octets: 32 },
  { name: 'P-384', head: '3046301006072a8648ce3d020106052b81040022033200', octets: 48 },
];

test.each(CURVES)(
  '$name: every compressed key comes back as WebCrypto writes it',
  async ({ name, head, octets }) => {
    for (let i = 0; i < 12; i++) {
      const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: name }, true, [
        'sign',
        'verify',
      ]);
      const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
      const point = spki.subarray(spki.length - 2 * octets);
      const parity = 2 + ((point.at(-1) ?? 0) & 1);
      const compressed = concat(
        fromHex(head) ?? new Uint8Array(0),
        Uint8Array.of(parity),
        point.subarray(0, octets),
      );
      for (const form of [compressed, spki]) {
        const result = uncompressedSpki(form);
        expect(result.ok && equalBytes(result.spki, spki)).toBe(true);
      }
      const other = compressed.slice();
      other[other.length - octets - 1] = 5 - parity;
      const mirrored = uncompressedSpki(other);
      expect(mirrored.ok && !equalBytes(mirrored.spki, spki)).toBe(true);
    }
  },
);

test('bytes cut off, added or changed in the header are refused', async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  for (let length = 0; length < spki.length; length++)
    expect(uncompressedSpki(spki.subarray(0, length)).ok).toBe(false);
  expect(uncompressedSpki(concat(spki, Uint8Array.of(0))).ok).toBe(false);
  for (let at = 0; at < 27; at++) {
    const changed = spki.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(uncompressedSpki(changed).ok).toBe(false);
  }
});
