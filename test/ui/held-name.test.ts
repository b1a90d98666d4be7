import { expect, test } from 'vitest';
import { nameOfHeld } from '../../src/ui/held-name.ts';

test('a held record is called by its device, and one that names a site by the site', () => {
  expect(nameOfHeld({ udid: 'acme-1' })).toBe('acme-1');
  expect(nameOfHeld({ kind: 'amendment', udid: 'acme-1', site: 'roof', siteTitle: 'Roof' })).toBe('acme-1');
  // Such a record names no device, so its field has a word that says nothing.
  const site = { kind: 'site', udid: 'unknown', site: 'roof' } as const;
  expect(nameOfHeld({ ...site, siteTitle: 'Roof top' })).toBe('Roof top');
  expect(nameOfHeld(site)).toBe('roof');
});
