import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inOrder, isTaken, matching } from '../../src/ui/pick.ts';

const entry = (title: string, sub?: string) => ({
  value: title,
  title,
  ...(sub === undefined ? {} : { sub }),
});
const titles = (entries: readonly { readonly title: string }[]) => entries.map(({ title }) => title);

test('flats stand as people count, whatever order they came in', () => {
  const flats = ['Flat 10', 'flat 1', 'Flat 100', 'Flat 2', 'Attic'].map((title) => entry(title));
  expect(titles(inOrder(flats))).toEqual(['Attic', 'flat 1', 'Flat 2', 'Flat 10', 'Flat 100']);
});

test('each word is found in title or name, in any case and without its accents', () => {
  const all = [entry('Café Élan', 'cafe.example.org'), entry('Hall', 'elan.example.org'), entry('Harbour')];
  expect(titles(matching(all, 'ELAN'))).toEqual(['Café Élan', 'Hall']);
  expect(titles(matching(all, 'elan caf'))).toEqual(['Café Élan']);
  expect(titles(matching(all, '  '))).toEqual(titles(all));
  expect(matching(all, 'roof')).toEqual([]);
});

test('what begins with the words comes first', () => {
  const all = inOrder([entry('Basement, plant room'), entry('Roof'), entry('Roof 2')]);
  expect(titles(matching(all, 'roo'))).toEqual(['Roof', 'Roof 2', 'Basement, plant room']);
});

test('of 5,000 sites each is found by its own title', () => {
  const sites = inOrder(Array.from({ length: 5_000 }, (_, i) => entry(`Flat ${5_000 - i}`)));
  expect([sites[0]?.title, sites[4_999]?.title]).toEqual(['Flat 1', 'Flat 5000']);
  for (const n of [1, 499, 5_000]) expect(matching(sites, `flat ${n}`)[0]?.title).toBe(`Flat ${n}`);
});

test('a title with line breaks is one line, one of 100 letters and one from right to left are what they are', () => {
  const [long, hebrew] = ['x'.repeat(100), 'דירה 2'];
  const all = inOrder([entry('Roof\r\n  \u0007left'), entry(long), entry(hebrew)]);
  expect(titles(all)).toEqual(expect.arrayContaining(['Roof left', long, hebrew]));
  expect(titles(matching(all, 'דירה'))).toEqual([hebrew]);
  expect(isTaken(all, '  ROOF  left ')).toBe(true);
  expect(isTaken(all, 'Roof')).toBe(false);
});

test('whatever is typed, what is found is among what there is, each once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 30 }),
      fc.string({ unit: 'grapheme' }),
      (names, typed) => {
        const all = inOrder(names.map((title, i) => ({ value: String(i), title })));
        const found = matching(all, typed).map(({ value }) => value);
        expect(new Set(found).size).toBe(found.length);
        for (const value of found) expect(all.some((one) => one.value === value)).toBe(true);
        // Nothing that is called exactly so is missing.
        if (isTaken(all, typed)) expect(found.length).toBeGreaterThan(0);
      },
    ),
  );
});
