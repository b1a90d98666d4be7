import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../../core/bytes.ts';
import { normaliseTyped } from '../../core/label/normalise-typed.ts';
import { parseLabel } from '../../core/label/parse-label.ts';

interface Vectors {
  readonly labels: readonly {
    text: string;
    kind: string;
    udid?: string;
    aliases: string[];
    publicKey?: string;
  }[];
  readonly refused: readonly { text: string; code: string }[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../fixtures/vectors/labels.json', import.meta.url), 'utf8'),
);

test.each(vectors.labels)('$text', ({ text, kind, udid, aliases, publicKey }) => {
  const result = parseLabel(text);
  if (!result.ok) throw new Error(result.code);
  const { label } = result;
  expect(label.kind).toBe(kind);
  expect(label.udid).toBe(udid);
  expect(label.aliases).toEqual(aliases);
  expect(label.publicKey && toHex(label.publicKey)).toBe(publicKey);
  expect(label.secret).toBeUndefined();
  expect(label.redacted).toBe(text);
});

test.each(vectors.refused)('$code: $text', ({ text, code }) => {
  expect(parseLabel(text)).toEqual({ ok: false, code });
});

test('the scanner hands over line ends and spaces; they say nothing', () => {
  expect(parseLabel(' 00:1A:2B:3C:4D:5E\r\n')).toEqual(parseLabel('00:1A:2B:3C:4D:5E'));
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'binary-ascii', maxLength: 300 }).map((s) => `DPP:${s};;`),
  fc
    .array(fc.tuple(fc.constantFrom('K', 'M', 'I', 'C', 'X', ''), fc.base64String({ maxLength: 160 })))
    .map((fields) => `DPP:${fields.map(([k, v]) => `${k}:${v}`).join(';')};;`),
  fc
    .constantFrom(...vectors.labels)
    .chain(({ text }) =>
      fc
        .tuple(fc.nat(text.length), fc.nat(3), fc.string({ maxLength: 3 }))
        .map(([at, drop, put]) => text.slice(0, at) + put + text.slice(at + drop)),
    ),
  fc.string({ minLength: 4097, maxLength: 5000 }),
  fc.constantFrom(
    '\ud800',
    '0'.repeat(4096),
    'a-'.repeat(2048),
    '00:'.repeat(1365),
    `DPP:${'K:;'.repeat(1000)};`,
  ),
);

test('hostile text never throws, and a label of it is sound', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const result = parseLabel(text);
      if (result.ok) expect(result.label.udid ?? result.label.publicKey ?? result.label.serial).toBeDefined();
      else expect(result.code).toMatch(/^[a-z]+(_[a-z]+)+$/);
      expect(typeof normaliseTyped(text)).toBe('string');
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['  Acme-FX 2000-17 ', 'acme-fx2000-17'],
  ['IMEI-352099001761481', 'imei-352099001761481'],
  ['imei\u20113520 9900 1761 481', 'imei-352099001761481'],
  ['35 209900 176148 1', '352099001761481'],
  ['\uff10\uff10:1a:2b:3c:4d:5e', '00:1a:2b:3c:4d:5e'],
  ['a\u200bb12', 'ab12'],
  ['ABc12', 'ABc12'],
])('typed %j means %j', (typed, plain) => {
  expect(normaliseTyped(typed)).toBe(plain);
});
