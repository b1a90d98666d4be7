import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseLabel } from '../../core/label/parse-label.ts';
import { fuzzed } from '../support/fuzzing.ts';

interface Vectors {
  readonly labels: readonly {
    text: string;
    name: string;
    secret?: string;
    username?: string;
    redacted: string;
  }[];
  readonly refused: readonly string[];
}
const file = new URL('../fixtures/vectors/esp-labels.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

it.each(vectors.labels)('$text', ({ text, name, redacted, ...told }) => {
  const { secret, username } = told;
  const expected = {
    kind: 'esp',
    aliases: [name],
    redacted,
    ...(secret === undefined ? {} : { secret }),
    ...(username === undefined ? {} : { username }),
  };
  expect(parseLabel(text)).toEqual({ ok: true, label: expected });
});

it.each(vectors.refused)('refuses %s', (text) => {
  expect(parseLabel(text)).toEqual({ ok: false, code: 'esp_malformed' });
});

/** Upper case and digits of another kind, so that a secret is never by chance part of a name. */
const secret = fc.stringMatching(/^[QWXZ]{8,12}$/);
const name = fc.stringMatching(/^PROV_[0-9A-F]{6}$/);
const forms = fc
  .tuple(name, secret, fc.constantFrom('json', 'np', 'url', 'plain'))
  .map(([named, pop, form]) => {
    const json = JSON.stringify({ ver: 'v1', name: named, pop, transport: 'ble', password: pop });
    const url = 'https://rainmaker.espressif.com/qrcode.html?data=';
    if (form === 'np') return { pop, text: `NP:${named}|${pop}|b` };
    if (form === 'json') return { pop, text: json };
    return { pop, text: `${url}${form === 'url' ? encodeURIComponent(json) : json}` };
  });

it('gives the secret, and a text without it', () => {
  fc.assert(
    fc.property(forms, ({ pop, text }) => {
      const result = parseLabel(text);
      if (!result.ok) throw new Error(result.code);
      expect(result.label.secret).toBe(pop);
      expect(result.label.redacted).not.toContain(pop);
      expect(parseLabel(result.label.redacted)).toMatchObject({
        ok: true,
        label: { aliases: result.label.aliases },
      });
    }),
    fuzzed(5_000),
  );
});

it('neither throws at mutated labels nor tells their secret in a refusal', () => {
  const mutated = fc
    .tuple(forms, fc.nat(200), fc.nat(3), fc.string({ maxLength: 3 }))
    .map(([{ text }, at, drop, put]) => text.slice(0, at) + put + text.slice(at + drop));
  fc.assert(
    fc.property(mutated, (text) => {
      const result = parseLabel(text);
      if (!result.ok) expect(Object.keys(result)).toEqual(['ok', 'code']);
      else if (result.label.secret !== undefined && /^[QWXZ]{8}/.test(result.label.secret))
        expect(result.label.redacted).not.toContain(result.label.secret);
    }),
    fuzzed(20_000),
  );
});
