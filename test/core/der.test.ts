import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex } from '../../core/bytes.ts';
import { parseCsr } from '../../core/csr.ts';
import {
  bitStringBytes,
  DerError,
  DerReader,
  enterDer,
  MAX_DER_LENGTH,
  oidText,
  TAG,
  unsignedInteger,
} from '../../core/der.ts';
import { ecdsaToFixed, parseSpki } from '../../core/spki.ts';
import { opensslDevice } from '../support/csr.ts';
import { fuzzed, inputs } from '../support/fuzzing.ts';
import { nordicCsr, tlv } from '../support/hand-made-der.ts';

const hex = (text: string) => fromHex(text) ?? new Uint8Array(0);
const refuses = (work: () => unknown) => expect(work).toThrow(DerError);

describe('an element', () => {
  test('gives tag, content and the whole of it, then the next', () => {
    const reader = new DerReader(hex('0201050500'));
    expect(reader.next()).toMatchObject({ tag: 2, content: hex('05'), whole: hex('020105') });
    expect(reader.done).toBe(false);
    expect(reader.peek()).toBe(5);
    reader.null();
    expect(reader.done).toBe(true);
    expect(reader.peek()).toBeUndefined();
    reader.end();
  });

  test.each([0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000])('of %i bytes is read', (length) => {
    const size =
      length < 0x80
        ? [length]
        : length < 0x100
          ? [0x81, length]
          : length < 0x10000
            ? [0x82, length >> 8, length & 0xff]
            : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
    const der = concat(Uint8Array.of(4, ...size), new Uint8Array(length));
    expect(new DerReader(der).next(TAG.octetString).content.length).toBe(length);
  });

  test.each([
    ['nothing', ''],
    ['a tag alone', '02'],
    ['a multi-byte tag', '1f8101'],
    ['an indefinite length', '30800000'],
    ['a length of four bytes', '048400000001ff'],
    ['a long form for a short length', '04817f'.padEnd(6 + 2 * 0x7f, '0')],
    ['a leading zero in the length', '048200ff'.padEnd(8 + 2 * 0xff, '0')],
    ['a cut length', '0482ff'],
    ['a cut content', '0402ff'],
  ])('refuses %s', (_, text) => {
    refuses(() => new DerReader(hex(text)).next());
  });

  test('must carry the tag asked for, and an optional one may be absent', () => {
    refuses(() => new DerReader(hex('020105')).next(TAG.octetString));
    const reader = new DerReader(hex('020105'));
    expect(reader.optional(TAG.octetString)).toBeUndefined();
    expect(reader.optional(TAG.integer)?.content).toEqual(hex('05'));
    expect(reader.optional(TAG.integer)).toBeUndefined();
  });

  test('that is NULL is empty', () => {
    refuses(() => new DerReader(hex('050100')).null());
  });
});

describe('the whole input', () => {
  test('holds one element and nothing after it', () => {
    enterDer(hex('3000'), TAG.sequence).end();
    refuses(() => enterDer(hex('300000'), TAG.sequence));
  });

  test('is bounded before it is read', () => {
    const content = new Uint8Array(MAX_DER_LENGTH - 4);
    expect(enterDer(tlv(0x30, content), 0x30).done).toBe(false);
    refuses(() => enterDer(tlv(0x30, content, Uint8Array.of(0)), 0x30));
  });
});

describe('values', () => {
  test.each([
    ['2a864886f70d01010b', '1.2.840.113549.1.1.11'],
    ['2b6570', '1.3.101.112'],
    ['550403', '2.5.4.3'],
    ['8837', '2.999'],
    ['00', '0.0'],
    ['27', '0.39'],
  ])('object identifier %s is %s', (text, dotted) => {
    expect(oidText(hex(text))).toBe(dotted);
  });

  test.each(['', '8001', '2a8000', '2a86', 'ff'.repeat(8), '2a'.repeat(33)])(
    'object identifier %j is refused',
    (text) => {
      refuses(() => oidText(hex(text)));
    },
  );

  test('integers are shortest, not negative, and padded to the size', () => {
    expect(unsignedInteger(hex('00ff'), 4)).toEqual(hex('000000ff'));
    expect(unsignedInteger(hex('00'), 2)).toEqual(hex('0000'));
    for (const text of ['', 'ff', '80', '0001', '007f', '0100000000']) {
      refuses(() => unsignedInteger(hex(text), 4));
    }
  });

  test('bit strings hold whole bytes', () => {
    expect(bitStringBytes(hex('00ab'))).toEqual(hex('ab'));
    for (const text of ['', '01ab', '07']) refuses(() => bitStringBytes(hex(text)));
  });
});

describe('hostile input', () => {
  const seeds = [nordicCsr(), opensslDevice('P-256').csr, opensslDevice('RSA-2048').csr];
  const readers = [parseCsr, parseSpki, (der: Uint8Array) => ecdsaToFixed(der, 256)];
  const mutated = fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(2000),
      fc.constantFrom('keep', 'cut', 'twice'),
    )
    .map(([seed, changes, at, shape]) => {
      const out = seed.slice();
      for (const [place, value] of changes) out[place % out.length] = value;
      if (shape === 'keep') return out;
      const cut = at % out.length;
      return shape === 'cut' ? out.slice(0, cut) : concat(out.slice(0, cut), out);
    });
  const random = fc.uint8Array({ maxLength: 64 });
  const nested = fc
    .array(fc.constantFrom(...Object.values(TAG), 0xa0, 0x1f, 0x80), { maxLength: 30 })
    .map((tags) => tags.reduceRight<Uint8Array>((inner, tag) => tlv(tag, inner), new Uint8Array(0)));

  // 3 readers each, so in full 120,000 readings of which none may throw anything else or run away.
  test('of many mutated, random and nested inputs, each is read or refused with DerError', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: mutated }, random, nested), (der) => {
        for (const read of readers) {
          try {
            read(der);
          } catch (error) {
            if (!(error instanceof DerError)) throw error;
            refused++;
          }
        }
      }),
      fuzzed(40_000),
    );
    expect(refused).toBeGreaterThan(inputs(40_000));
  });

  test('a mebibyte of anything is refused at once, however deep it nests', () => {
    const zeros = new Uint8Array(1024 * 1024);
    const open = new Uint8Array(1024 * 1024).fill(0x30);
    for (const der of [zeros, open]) for (const read of readers) refuses(() => read(der));
  });
});
