import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import { nodeBase64Url } from '../../server/config/node-base64url.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bytes = fc.uint8Array({ maxLength: 400 });

test('writes what core writes', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      // A view into something larger, as most are.
      const view = Uint8Array.from([9, ...data, 9]).subarray(1, 1 + data.length);
      expect(nodeBase64Url.encode(view)).toBe(toBase64Url(data));
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
        expect(nodeBase64Url.decode(one)).toEqual(fromBase64Url(one));
    }),
    { numRuns: 3000 },
  );
});

test('what it read shares no memory with anything else', () => {
  const read = nodeBase64Url.decode(toBase64Url(new Uint8Array(100)));
  expect(read?.buffer.byteLength).toBe(100);
});
