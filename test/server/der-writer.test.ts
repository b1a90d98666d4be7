import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DerReader, oidText, TAG, unsignedInteger } from '../../core/der.ts';
import {
  bits,
  namedBits,
  octets,
  oid,
  sequence,
  smallInteger,
  time,
  tlv,
  unsigned,
  utf8String,
} from '../../server/x509/der-writer.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

describe('what the writer writes, the strict reader reads', () => {
  it('for any tag and content, whatever its length', () => {
    const tag = fc.integer({ min: 1, max: 255 }).filter((t) => (t & 0x1f) !== 0x1f);
    const length = fc.oneof(fc.constantFrom(0, 1, 127, 128, 255, 256, 65_535, 65_536), fc.nat(70_000));
    fc.assert(
      fc.property(tag, length, (t, n) => {
        const content = new Uint8Array(n).fill(7);
        const element = new DerReader(tlv(t, content)).next(t);
        expect(element.content.length).toBe(n);
      }),
    );
  });

  it('for integers', () => {
    fc.assert(
      fc.property(bytes(40), (magnitude) => {
        const { content } = new DerReader(unsigned(magnitude)).next(TAG.integer);
        const read = unsignedInteger(content, 40);
        expect(read.subarray(40 - magnitude.length)).toEqual(magnitude);
      }),
    );
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (value) => {
        const { content } = new DerReader(smallInteger(value)).next(TAG.integer);
        expect(BigInt(`0x${Buffer.from(content).toString('hex')}`)).toBe(BigInt(value));
      }),
    );
  });

  it('for object identifiers', () => {
    const first = fc.constantFrom('0', '1').chain((top) => fc.nat(39).map((arc) => `${top}.${arc}`));
    const any = fc.oneof(
      first,
      fc.nat(1000).map((arc) => `2.${arc}`),
    );
    const rest = fc.array(fc.nat(0xffffff), { maxLength: 6 });
    fc.assert(
      fc.property(any, rest, (start, arcs) => {
        const dotted = [start, ...arcs].join('.');
        expect(oidText(new DerReader(oid(dotted)).next(TAG.oid).content)).toBe(dotted);
      }),
    );
  });

  it('for nested parts in their order', () => {
    fc.assert(
      fc.property(bytes(300), fc.string(), bytes(20), (a, b, c) => {
        const reader = new DerReader(sequence(octets(a), utf8String(b), bits(c))).enter(TAG.sequence);
        expect(reader.next(TAG.octetString).content).toEqual(a);
        expect(new TextDecoder().decode(reader.next(TAG.utf8String).content)).toBe(b);
        expect(reader.next(TAG.bitString).content.subarray(1)).toEqual(c);
        reader.end();
      }),
    );
  });
});

describe('fixed forms', () => {
  it('writes named bits without trailing zeros', () => {
    expect(Buffer.from(namedBits(0)).toString('hex')).toBe('03020780');
    expect(Buffer.from(namedBits(5, 6)).toString('hex')).toBe('03020106');
  });

  it('changes from UTCTime to GeneralizedTime with the year 2050', () => {
    const text = (iso: string) =>
      Buffer.from(time(Date.parse(iso)))
        .subarray(2)
        .toString();
    expect(text('2049-12-31T23:59:59.999Z')).toBe('491231235959Z');
    expect(text('2050-01-01T00:00:00Z')).toBe('20500101000000Z');
    expect(time(Date.parse('2050-01-01T00:00:00Z'))[0]).toBe(TAG.generalizedTime);
  });
});
