import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as portable from '../../core/base64.ts';
import {
  concat,
  equalBytes,
  fromBase64,
  fromHex,
  fromUtf8,
  toBase64,
  toHex,
  utf8,
} from '../../core/bytes.ts';
import * as node from '../../server/runtime/node-base64url.ts';

const bytes = fc.uint8Array({ maxLength: 200 });
const URL_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe.each([
  ['in every runtime', portable],
  ['in Node', node],
])('base64url %s', (_, { fromBase64Url, toBase64Url }) => {
  test('is what Node writes, and comes back', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        const text = toBase64Url(data);
        expect(text).toBe(Buffer.from(data).toString('base64url'));
        expect(fromBase64Url(text)).toEqual(data);
      }),
      { numRuns: 500 },
    );
  });

  test('every last character with unused bits that are not zero is refused', () => {
    // One byte leaves 4 unused bits, two bytes leave 2.
    for (const [prefix, unused] of [
      ['A', 4],
      ['AA', 2],
    ] as const) {
      const accepted = [...URL_ALPHABET].filter((last) => fromBase64Url(prefix + last) !== undefined);
      expect(accepted).toEqual([...URL_ALPHABET].filter((_, value) => value % 2 ** unused === 0));
    }
  });

  test('whatever decodes is the only text of its bytes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...URL_ALPHABET, '=', '+', '/', ' ', 'é'), maxLength: 12 }),
        (text) => {
          const decoded = fromBase64Url(text);
          if (decoded !== undefined) expect(toBase64Url(decoded)).toBe(text);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test.each(['A', 'AAAAA', 'AA==', 'AAA=', 'A A', 'AA\n', '+A', '/A', 'ÀA', '\u{1F600}', 'AA\0'])(
    'refuses %j',
    (text) => {
      expect(fromBase64Url(text)).toBeUndefined();
    },
  );

  test('nothing is nothing', () => {
    expect(fromBase64Url('')).toEqual(new Uint8Array(0));
    expect(toBase64Url(new Uint8Array(0))).toBe('');
  });
});

describe('base64', () => {
  test('is what Node writes, and comes back', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        const text = toBase64(data);
        expect(text).toBe(Buffer.from(data).toString('base64'));
        expect(fromBase64(text)).toEqual(data);
      }),
      { numRuns: 500 },
    );
  });

  test.each(['AA', 'AAA', 'AB==', 'AAB=', 'A===', '====', 'AA=A', '=AAA', 'AAA-', 'AA==AA==', 'AA ='])(
    'refuses %j',
    (text) => {
      expect(fromBase64(text)).toBeUndefined();
    },
  );
});

describe('hex', () => {
  test('is what Node writes, and comes back in either case', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        const text = toHex(data);
        expect(text).toBe(Buffer.from(data).toString('hex'));
        expect(fromHex(text)).toEqual(data);
        expect(fromHex(text.toUpperCase())).toEqual(data);
      }),
    );
  });

  test.each(['a', '0g', '0x', ' 0', '0 ', '١٢'])('refuses %j', (text) => {
    expect(fromHex(text)).toBeUndefined();
  });
});

describe('UTF-8', () => {
  test('is what TextEncoder writes, whatever the text and its length', () => {
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

  test('comes back, byte order mark included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text);
      }),
    );
    expect(fromUtf8(utf8('\ufeffx'))).toBe('\ufeffx');
  });

  test.each([
    ['an overlong form', [0xc0, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a cut sequence', [0xe2, 0x82]],
    ['a lone continuation', [0x80]],
    ['beyond Unicode', [0xf5, 0x80, 0x80, 0x80]],
  ])('refuses %s', (_, data) => {
    expect(fromUtf8(Uint8Array.from(data))).toBeUndefined();
  });
});

test('equal means same length and same bytes', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      expect(equalBytes(a, a.slice())).toBe(true);
      expect(equalBytes(a, concat(a, Uint8Array.of(0)))).toBe(false);
    }),
  );
});

test('concat copies: what becomes of a part later does not show', () => {
  const part = Uint8Array.of(1, 2);
  const whole = concat(part, new Uint8Array(0), Uint8Array.of(3));
  part[0] = 9;
  expect(whole).toEqual(Uint8Array.of(1, 2, 3));
});
