import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, toHex } from '../../core/bytes.ts';
import {
  beginningWith,
  changeDigests,
  type DigestSet,
  hasDigest,
  sortDigests,
} from '../../core/digest-set.ts';

/** Few different bytes, so that digests repeat and share beginnings. */
const digest = fc.uint8Array({ minLength: 12, maxLength: 12, max: 2 });
const some = fc.array(digest, { maxLength: 40 });
const named = (digests: readonly Uint8Array[]) => new Set(digests.map(toHex));
const namesOf = (set: DigestSet) => toHex(set).match(/.{24}/g) ?? [];

describe('a set of digests', () => {
  it('is sorted, without repeats, and without what is no whole digest', () => {
    fc.assert(
      fc.property(some, fc.uint8Array({ maxLength: 11 }), (digests, rest) => {
        expect(namesOf(sortDigests(concat(...digests, rest)))).toEqual([...named(digests)].sort());
      }),
    );
  });

  it('changes like a set does, and what comes and goes at once is gone', () => {
    fc.assert(
      fc.property(some, some, some, (has, add, out) => {
        const [set, adds, outs] = [has, add, out].map((digests) => sortDigests(concat(...digests)));
        if (set === undefined || adds === undefined || outs === undefined) throw new Error('three were made');
        const wanted = new Set([...named(has), ...named(add)]);
        for (const one of named(out)) wanted.delete(one);
        const changed = changeDigests(set, adds, outs);
        expect(namesOf(changed)).toEqual([...wanted].sort());
        // To do it again changes nothing.
        expect(changeDigests(changed, adds, outs)).toEqual(changed);
        for (const one of [...has, ...add, ...out])
          expect(hasDigest(changed, one)).toBe(wanted.has(toHex(one)));
      }),
    );
  });

  it('has no part of a digest and nothing longer than one', () => {
    const set = sortDigests(new Uint8Array(24).fill(7));
    expect(hasDigest(set, new Uint8Array(12).fill(7))).toBe(true);
    for (const length of [0, 11, 13]) expect(hasDigest(set, new Uint8Array(length).fill(7))).toBe(false);
    expect(hasDigest(new Uint8Array(), new Uint8Array(12))).toBe(false);
  });

  it('falls into parts by its first byte, which together are all of it', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 12, maxLength: 12 }), { maxLength: 40 }), (digests) => {
        const set = sortDigests(concat(...digests));
        const parts = Array.from({ length: 256 }, (_, byte) => beginningWith(set, byte));
        expect(concat(...parts)).toEqual(set);
        for (const [byte, part] of parts.entries())
          for (const name of namesOf(part)) expect(Number.parseInt(name.slice(0, 2), 16)).toBe(byte);
      }),
    );
  });
});
