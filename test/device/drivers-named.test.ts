import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DRIVERS } from '../../src/device/drivers/all.ts';
import { RIGS } from '../ports/device-rigs.ts';
import { DRIVER_ROWS } from '../support/driver-rows.ts';

const names = new Set(DRIVERS.map(({ name }) => name));
const docs = readFileSync(new URL('../../docs/drivers.md', import.meta.url), 'utf8');

it('is under the port suite, in the real browser and in the document: every driver, and no other', () => {
  expect(new Set(RIGS.map(({ driver }) => driver))).toEqual(names);
  expect(new Set(DRIVER_ROWS.map(({ driver }) => driver))).toEqual(names);
  const table = docs.slice(docs.indexOf('| driver | links |'), docs.indexOf('Each session says'));
  const rows = [...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
  expect(new Set(rows)).toEqual(names);
  for (const name of names) expect(docs).toContain(`\n## ${name}\n`);
});

it('is said to work over each link that it works over', () => {
  const cell = (name: string) =>
    [...docs.matchAll(/^\| `([\w-]+)`[^|]*\|([^|]*)\|/gm)]
      .filter(([, driver]) => driver === name)
      .map(([, , links]) => links)
      .join();
  for (const { driver, links } of DRIVER_ROWS) {
    expect([driver, /console|cable|AT commands/.test(cell(driver))]).toEqual([
      driver,
      links.includes('serial'),
    ]);
    expect([driver, cell(driver).includes('Bluetooth')]).toEqual([driver, links.includes('bluetooth')]);
  }
});
