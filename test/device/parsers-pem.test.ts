import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toBase64 } from '../../core/bytes.ts';
import { isOneDerSequence, lastPem } from '../../src/device/protocols/pem-in-noise.ts';
import { Transcript } from '../../src/device/protocols/transcript.ts';

const KIND = 'PUBLIC KEY';
const BEGIN = `-----BEGIN ${KIND}-----`;
const END = `-----END ${KIND}-----`;

/** Small bodies with a DER SEQUENCE in them, and some without. */
const BODIES = ['MAA=', 'MAEA', 'MAIFAA==', 'AAAA', '!', ''] as const;

/** The rule in its plainest words: of the pairs with no BEGIN and no END within, the last that is one DER value. */
function reference(parts: readonly string[]): string | undefined {
  for (let at = parts.length - 1; at >= 2; at--) {
    if (parts[at] !== END) continue;
    const from = parts.slice(0, at).findLastIndex((part) => part === BEGIN || part === END);
    if (from < 0 || parts[from] !== BEGIN) continue;
    const whole = parts.slice(from + 1, at).filter((part) => part !== '!' && part !== '');
    const der = new Uint8Array(Buffer.from(whole.join(''), 'base64'));
    if (whole.length === 1 && isOneDerSequence(der)) return toBase64(der);
  }
  return undefined;
}

it('finds what the plain rule finds, in whatever order BEGIN, END and content come', () => {
  const body = fc.constantFrom(...BODIES);
  // Between two marks one body at most: how a block's lines join is the console tests' matter.
  const part = fc.tuple(fc.constantFrom(BEGIN, END), body).map((pair) => [...pair]);
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (pairs) => {
      const parts = pairs.flat();
      const found = lastPem(parts.join('\r\n'), KIND);
      expect(found && toBase64(found)).toBe(reference(parts));
    }),
    { numRuns: 2_000 },
  );
});

const filled = (unit: string, before = '') =>
  (before + unit.repeat(65_536 / unit.length + 1)).slice(0, 65_536);
const LOG = '[00:00:01.234,567] <inf> net: ';

// Each was work squared once or could be: a hundred readings of 64 KiB end within this test's own time only if none is.
it.each([
  { name: 'one BEGIN and nothing but ENDs', text: filled(`${END}\n`, `${BEGIN}\n`) },
  { name: 'one BEGIN, content, and nothing but ENDs', text: filled(`AAAA\n${END}\n`, `${BEGIN}\n`) },
  { name: 'nothing but BEGINs', text: filled(`${BEGIN}\n`) },
  { name: 'BEGINs and ENDs by turns', text: filled(`${BEGIN}\nAAAA\n${END}\n`) },
  { name: 'log prefixes on a line that never ends', text: filled(LOG) },
  { name: 'log prefixes on a line that ends in a bare CR', text: `${filled(LOG).slice(0, -2)}\rx` },
  { name: 'prompts on a line that never ends', text: filled('uart:~$ ', `${BEGIN}\n`) },
  { name: 'prompts in a block', text: `${filled('uart:~$ ', `${BEGIN}\n`).slice(0, 16_000)}\n${END}` },
])('reads 64 KiB of $name again and again', ({ text }) => {
  for (let run = 0; run < 100; run++) expect(lastPem(text, KIND)).toBeUndefined();
});

it('reads a hostile text anew with each piece that comes', () => {
  const seen = new Transcript(65_536);
  const piece = new TextEncoder().encode(filled(`${END}\n`, `${BEGIN}\n`).slice(0, 1_024));
  for (let run = 0; run < 200; run++) {
    seen.add(piece);
    expect(lastPem(seen.since(0), KIND)).toBeUndefined();
  }
});
