import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyOfCertificate } from '../../../core/certificate-key.ts';
import { foreignChain, type Purpose } from '../../../server/authority/ceremony/foreign-chain.ts';
import { VaultError } from '../../../server/ports/signer.ts';
import { fuzzed } from '../../support/fuzzing.ts';
import { makerCa } from '../../support/maker-chain.ts';

const { root, below } = await makerCa();
const [issuing, top] = [below, root].map(({ rawData }) => new Uint8Array(rawData)) as [
  Uint8Array,
  Uint8Array,
];
const purpose: Purpose = {
  spki: keyOfCertificate(issuing),
  domains: ['oak-street.example.org'],
  now: Date.UTC(2026, 5, 1),
};

it('is taken in either order, and ends where the first of it ends', () => {
  for (const file of [
    [issuing, top],
    [top, issuing],
  ])
    expect(foreignChain(file, purpose)).toEqual({
      certificate: issuing,
      above: [top],
      notAfter: Date.UTC(2050, 0, 1),
    });
});

it.each<[string, Partial<Purpose>, string]>([
  ['not begun', { now: Date.UTC(2019, 0, 1) }, 'has not begun'],
  ['ended', { now: Date.UTC(2050, 0, 1) }, 'has ended'],
  ['for a key of its root', { spki: keyOfCertificate(top) }, 'not above it'],
])('is not taken where it is %s', (_, change, words) => {
  expect(() => foreignChain([issuing, top], { ...purpose, ...change })).toThrow(words);
});

it('is never taken, and always told in a sentence, with one byte of it changed, missing or more', () => {
  const file = [issuing, top] as const;
  const place = fc.record({
    which: fc.constantFrom(0, 1),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    by: fc.integer({ min: 1, max: 255 }),
    how: fc.constantFrom('changed', 'missing', 'more'),
  });
  fc.assert(
    fc.property(place, ({ which, at, by, how }) => {
      const whole = file[which === 0 ? 0 : 1];
      const index = Math.floor(at * whole.length);
      const bytes = [...whole];
      if (how === 'changed') bytes[index] = (bytes[index] ?? 0) ^ by;
      else bytes.splice(index, how === 'missing' ? 1 : 0, ...(how === 'more' ? [by] : []));
      const spoilt = file.map((der, n) => (n === which ? Uint8Array.from(bytes) : der));
      expect(() => foreignChain(spoilt, purpose)).toThrow(VaultError);
    }),
    fuzzed(4_000),
  );
});
