import { expect, it } from 'vitest';
import { siteIdOf } from '../../core/place.ts';
import { crypto } from '../support/records.ts';

const idOf = (title: string) => siteIdOf(title, crypto);

it('is the title in small letters, where that says it all', async () => {
  expect(await idOf(' Boiler \t ROOM ')).toBe('boiler-room');
  expect(await idOf('Flat 12')).toBe('flat-12');
});

it.each([
  ['Level -1', 'Level 1'],
  ['Level-1', 'Level 1'],
  ['Level -1', 'Level +1'],
  ['Flat 1.2', 'Flat 12'],
  ['Flat 1/2', 'Flat 1.2'],
  ['C++', 'C'],
  ['Café', 'Cafe'],
  [`${'a'.repeat(80)} 1`, `${'a'.repeat(80)} 2`],
  ['غرفة المرجل', 'בית ארוך'],
  ['-1', '+1'],
])('differs for %j and %j', async (one, other) => {
  const ids = await Promise.all([one, other].map(idOf));
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,59}$/);
});

it('is the same for one title on every phone, whatever its letters’ case and spaces', async () => {
  expect(await idOf('level  -1')).toBe(await idOf('LEVEL -1'));
  expect(await idOf('Level -1')).toBe('level-1-23369aee');
  // An id that exists is not made anew by another rule.
  expect(await idOf('בית ארוך')).toBe('s-amdwniwxek-tvotg');
});
