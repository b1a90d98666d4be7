import { describe, expect, it } from 'vitest';
import { fromInstant } from '../../core/instant.ts';
import { bundleOf, chainOf } from '../../server/authority/ca/trust.ts';
import { type Authority, liveOnes } from '../../server/ports/authorities.ts';
import { generationName, mayBeOrg, parseIssuerName } from '../../server/ports/ca-names.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { newSerial } from '../../server/x509/serial.ts';
import { day } from '../support/judge-reads.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const names = (some: readonly Uint8Array[]) => some.map((one) => new TextDecoder().decode(one));

/** A generation of an organisation's issuing CA, whose certificates are named for what they are. */
function generation(n: number, until?: string): Authority {
  return {
    name: generationName('northfield', n),
    org: 'northfield',
    generation: n,
    root: 'root',
    certificate: bytes(`${n} by root`),
    anchor: bytes(`${n} by itself`),
    notAfter: day(3650),
    crossed:
      n === 1 ? null : { newWithOld: bytes(`${n} by ${n - 1}`), oldWithNew: bytes(`${n - 1} by ${n}`) },
    replaced: until === undefined ? null : { at: day(0), until },
  };
}
const NOW = fromInstant(day(10));

describe('trust over a rotation', () => {
  const alone = [generation(1)];
  const two = [generation(1, day(100)), generation(2)];
  const over = [generation(1, day(9)), generation(2)];
  const three = [generation(1, day(9)), generation(2, day(100)), generation(3)];

  it('is in every generation whose certificates may still be valid, the newest first', () => {
    const live = (some: readonly Authority[]) => liveOnes(some, NOW).map((one) => one.generation);
    expect([alone, two, over, three].map(live)).toEqual([[1], [2, 1], [2], [3, 2]]);
    expect(live([generation(1, day(10)), generation(2)])).toEqual([2]);
  });

  it.each([
    ['one generation', alone, ['1 by itself']],
    ['two', two, ['2 by itself', '1 by itself', '2 by 1', '1 by 2']],
    ['the second, once the first has ended', over, ['2 by itself']],
    ['two of three', three, ['3 by itself', '2 by itself', '3 by 2', '2 by 3']],
  ])('is published as anchors and what leads between them: %s', (_, generations, bundle) => {
    expect(names(bundleOf(generations, NOW))).toEqual(bundle);
  });

  it.each<[string, number, readonly Authority[], string[]]>([
    ['the only one', 1, alone, ['1 by root']],
    ['the new one, by the old', 2, two, ['2 by 1', '1 by root']],
    ['the old one, by the new', 1, two, ['1 by 2', '2 by root']],
    ['the new one alone', 2, over, ['2 by root']],
    ['the third, by the second', 3, three, ['3 by 2', '2 by root']],
    ['the second, whose first has ended, by the third', 2, three, ['2 by 3', '3 by root']],
  ])('leads from a leaf to the root, each signed by the next: %s', (_, of, generations, chain) => {
    const authority = generations.find((one) => one.generation === of) ?? generation(of);
    expect(names(chainOf(authority, generations, NOW))).toEqual(chain);
  });

  it('is under names that no organisation has', () => {
    expect([1, 2, 12].map((n) => generationName('northfield', n))).toEqual([
      'northfield',
      'northfield_2',
      'northfield_12',
    ]);
    for (const name of ['northfield', 'northfield_2', 'northfield_999999'])
      expect(parseIssuerName(name)).toBe(name);
    for (const name of [
      'northfield_',
      'northfield_0',
      'northfield_02',
      'North',
      '../root',
      'northfield_1000000',
      '',
    ])
      expect(parseIssuerName(name)).toBeUndefined();
    expect(['northfield', 'root', 'training-root', 'northfield_2', 'x'].filter(mayBeOrg)).toEqual([
      'northfield',
    ]);
  });

  it('has serials of 128 bits, positive and never shorter', () => {
    for (const filler of [0x00, 0xff, 0x80]) {
      const serial = newSerial({ ...nodeCrypto, random: (length) => new Uint8Array(length).fill(filler) });
      expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/);
    }
    expect(newSerial(nodeCrypto)).not.toBe(newSerial(nodeCrypto));
  });
});
