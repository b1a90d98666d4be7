import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceDnsName, isAncestor, isDomainName, parseDomainName, spiffeId } from '../../core/name.ts';
import { isUdid } from '../../core/udid.ts';

test.each([
  'site-12.example.org',
  'a.b',
  'xn--mnchen-3ya.example',
  '1.example',
  `${'a'.repeat(60)}.org`,
  'dd.example.org',
  'example.d1',
])('%s is a domain', (text) => {
  expect(parseDomainName(text)).toEqual({ ok: true, name: text });
});

test.each([
  ['', 'name_empty'],
  ['example', 'name_single_label'],
  ['Example.org', 'name_characters'],
  ['exa mple.org', 'name_characters'],
  ['ex_ample.org', 'name_characters'],
  ['münchen.example', 'name_characters'],
  ['example.org\n', 'name_characters'],
  ['example.org.', 'name_trailing_dot'],
  ['*.example.org', 'name_wildcard'],
  ['.example.org', 'name_label_length'],
  ['a..b', 'name_label_length'],
  [`${'a'.repeat(64)}`, 'name_label_length'],
  [`${'a'.repeat(62)}.org`, 'name_too_long'],
  ['-a.example', 'name_hyphen'],
  ['a-.example', 'name_hyphen'],
  ['ab--c.example', 'name_hyphen'],
  ['d.example.org', 'name_reserved_label'],
  ['x.d.example.org', 'name_reserved_label'],
  ['example.d', 'name_reserved_label'],
  ['d', 'name_reserved_label'],
  ['10.0.0.1', 'name_numeric'],
  ['a.0x7f', 'name_numeric'],
])('%j is refused: %s', (text, code) => {
  expect(parseDomainName(text)).toEqual({ ok: false, code });
});

test('any accepted name makes a DNS name and a SPIFFE ID within their bounds', () => {
  const udid = `acme-${'a'.repeat(58)}`;
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9.*D-]{0,70}$/), (text) => {
      if (!isDomainName(text) || !isUdid(udid)) return;
      expect(text.length).toBeLessThanOrEqual(64);
      expect(deviceDnsName(text, udid)).toMatch(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){3,}[a-z0-9-]+$/);
      expect(deviceDnsName(text, udid).length).toBeLessThanOrEqual(253);
      expect(new URL(spiffeId(text, udid)).host).toBe(text);
    }),
  );
});

test('ancestors end at a dot', () => {
  const name = (text: string) => {
    if (!isDomainName(text)) throw new Error(text);
    return text;
  };
  expect(isAncestor(name('example.org'), name('a.b.example.org'))).toBe(true);
  expect(isAncestor(name('example.org'), name('example.org'))).toBe(false);
  expect(isAncestor(name('example.org'), name('badexample.org'))).toBe(false);
  expect(isAncestor(name('a.example.org'), name('example.org'))).toBe(false);
});
