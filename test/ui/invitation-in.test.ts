import { expect, test } from 'vitest';
import { invitationIn } from '../../src/ui/invitation-in.ts';
import { isOrgName, orgNameOf } from '../../src/ui/org-name.ts';

const ORIGIN = 'https://field.example';
const TOKEN = 'A'.repeat(43);

test('an invitation to this installation is found in what was scanned or pasted', () => {
  expect(invitationIn(`  ${ORIGIN}/join#${TOKEN}\n`, ORIGIN)).toBe(`/join#${TOKEN}`);
});

test.each([
  ['another installation', `https://evil.example/join#${TOKEN}`],
  ['the same name without TLS', `http://field.example/join#${TOKEN}`],
  ['another port', `${ORIGIN}:8443/join#${TOKEN}`],
  ['another path', `${ORIGIN}/sign-in#${TOKEN}`],
  ['a token in the query', `${ORIGIN}/join?${TOKEN}`],
  ['half a token', `${ORIGIN}/join#${TOKEN.slice(1)}`],
  ['a script', `javascript:alert(1)//${ORIGIN}/join#${TOKEN}`],
  ['a path alone', `/join#${TOKEN}`],
  ['a label', 'mac-02b000000001'],
  ['nothing', ''],
])('%s is none', (_, text) => {
  expect(invitationIn(text, ORIGIN)).toBeUndefined();
});

test.each([
  ['Westside Énergie', 'westside-energie'],
  ['  1. Müller & Söhne GmbH ', 'muller-sohne-gmbh'],
  ['北京', ''],
  ['x'.repeat(60), 'x'.repeat(31)],
  [`${'x'.repeat(30)} y`, 'x'.repeat(30)],
])('a short name is made of %s', (title, name) => {
  expect(orgNameOf(title)).toBe(name);
  expect(isOrgName(name)).toBe(name !== '');
});
