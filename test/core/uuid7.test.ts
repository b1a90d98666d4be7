import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from '../../contract/parse.ts';
import { Instant, RecordId } from '../../contract/scalars.ts';
import { fromHex } from '../../core/bytes.ts';
import { fromInstant, toInstant } from '../../core/instant.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { crypto } from '../support/records.ts';

describe('uuid7', () => {
  test('RFC 9562 appendix A.6', () => {
    const random = fromHex('ffffffffffff0cc318c4dc0c0c07398f') ?? new Uint8Array(16);
    expect(uuid7(0x017f22e279b0, { ...crypto, random: () => random.slice() })).toBe(
      '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
    );
  });

  test('fits the contract, and sorts by time', () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [first, second] = [uuid7(a, crypto), uuid7(b, crypto)];
        expect(parse(RecordId, first)).toBe(first);
        if (a !== b) expect(first < second).toBe(a < b);
      }),
    );
  });

  test('never comes twice in one millisecond', () => {
    const made = Array.from({ length: 2000 }, () => uuid7(1, crypto));
    expect(new Set(made).size).toBe(made.length);
  });
});

describe('instant', () => {
  test('comes back, fits the contract, and text order is time order', () => {
    const time = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
    fc.assert(
      fc.property(time, time, (a, b) => {
        expect(fromInstant(toInstant(a))).toBe(a);
        expect(parse(Instant, toInstant(a))).toBe(toInstant(a));
        expect(toInstant(a) < toInstant(b)).toBe(a < b);
      }),
    );
    expect(toInstant(0)).toBe('1970-01-01T00:00:00.000Z');
  });
});
