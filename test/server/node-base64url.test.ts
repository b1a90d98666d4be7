import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as portable from '../../core/base64.ts';
import { toBase64Url as chosen } from '../../core/bytes.ts';
import { fromBase64Url, toBase64Url } from '../../server/runtime/node-base64url.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bytes = fc.uint8Array({ maxLength: 400 });

test('is what core imports where Node runs it', () => {
  expect(chosen).toBe(toBase64Url);
});

test('writes what core writes', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      // A view into something larger, as most are.
      const view = Uint8Array.from([9, ...data, 9]).subarray(1, 1 + data.length);
      expect(toBase64Url(view)).toBe(portable.toBase64Url(data));
    }),
    { numRuns: 500 },
  );
});

test('reads what core reads, and refuses what core refuses', () => {
  const foreign = fc.constantFrom(
    ...ALPHABET,
    '=',
    '+',
    '/',
    ' ',
    '\n',
    '\0',
    'é',
    'Ā',
    '\u{1F600}',
    '\ud800',
  );
  fc.assert(
    fc.property(bytes, foreign, fc.nat(), fc.boolean(), (data, character, place, instead) => {
      const text = portable.toBase64Url(data);
      const at = place % (text.length + 1);
      const changed = text.slice(0, at) + character + text.slice(instead ? at + 1 : at);
      for (const one of [text, changed, text.slice(0, at)])
        expect(fromBase64Url(one)).toEqual(portable.fromBase64Url(one));
    }),
    { numRuns: 3000 },
  );
});

test('gives no two results the same place, whatever their length', () => {
  const lengths = fc.array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 20_000 })), { maxLength: 40 });
  fc.assert(
    fc.property(lengths, (some) => {
      const results = some.map((length) => fromBase64Url(toBase64Url(new Uint8Array(length))) ?? fail());
      for (const [index, result] of results.entries()) {
        expect(result).toEqual(new Uint8Array(some[index] ?? -1));
        result.fill((index % 255) + 1);
      }
      for (const [index, result] of results.entries())
        expect(result.every((byte) => byte === (index % 255) + 1)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

function fail(): never {
  throw new Error('was not read');
}
