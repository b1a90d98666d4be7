import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesWith, concat, fromBase64Url, toBase64Url, utf8 } from '../../core/bytes.ts';
import { nodeBytes } from '../../server/runtime/node-bytes.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bytes = fc.uint8Array({ maxLength: 400 });

test('writes what core writes', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      // A view into something larger, as most are.
      const view = Uint8Array.from([9, ...data, 9]).subarray(1, 1 + data.length);
      expect(nodeBytes.encode(view)).toBe(toBase64Url(data));
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
      const text = toBase64Url(data);
      const at = place % (text.length + 1);
      const changed = text.slice(0, at) + character + text.slice(instead ? at + 1 : at);
      for (const one of [text, changed, text.slice(0, at)])
        expect(nodeBytes.decode(one)).toEqual(fromBase64Url(one));
    }),
    { numRuns: 3000 },
  );
});

test('core makes the same of them, whatever the text', () => {
  bytesWith(nodeBytes);
  const text = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: fc.constantFrom('a', '\ud800', '\0', 'é', '\u{1f600}'), maxLength: 5000 }),
  );
  fc.assert(
    fc.property(text, text, (one, other) => {
      const [first, second] = [utf8(one), utf8(other)];
      expect(Buffer.from(first)).toEqual(Buffer.from(new TextEncoder().encode(one)));
      expect(Buffer.from(concat(first, second))).toEqual(Buffer.concat([first, second]));
      expect(Buffer.from(second)).toEqual(Buffer.from(new TextEncoder().encode(other)));
    }),
    { numRuns: 1000 },
  );
});

test('no two share a place, of whatever length', () => {
  const lengths = fc.array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 20_000 })), { maxLength: 40 });
  fc.assert(
    fc.property(lengths, (some) => {
      const given = some.flatMap((length) => [
        nodeBytes.zeros(length),
        nodeBytes.decode(toBase64Url(new Uint8Array(length))) ?? fail(),
      ]);
      for (const [index, one] of given.entries()) {
        expect(one).toEqual(new Uint8Array(some[index >> 1] ?? -1));
        one.fill((index % 255) + 1);
      }
      for (const [index, one] of given.entries())
        expect(one.every((byte) => byte === (index % 255) + 1)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

function fail(): never {
  throw new Error('was not read');
}
