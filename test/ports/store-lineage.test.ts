import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { copyDatabase } from '../../server/store/copy.ts';
import { openDatabase } from '../../server/store/open.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { lineageKey, lineageStoreSuite } from './store-lineage.suite.ts';

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'fieldbind-lineage-'));
  folders.push(made);
  return made;
}
let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.remove());
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

lineageStoreSuite('SQLite', () => openDatabase(folder()));
lineageStoreSuite('PostgreSQL', async () => openDatabase('', await postgres.database()));

it('comes along when a database is copied, from either engine to the other', async () => {
  const [from, back] = [folder(), folder()];
  const there = await postgres.database();
  const before = await openDatabase(from);
  const keys = [
    lineageKey(),
    lineageKey({ keyDigest: 'key-1', state: 'former', request: null, serial: null }),
  ];
  for (const key of keys) await before.stores.lineage.put(key);
  await before.close();
  expect(await copyDatabase(from, there)).toMatchObject({ rows: expect.any(Number) });
  expect(await copyDatabase(there, back)).toMatchObject({ rows: expect.any(Number) });
  const after = await openDatabase(back);
  for (const key of keys) expect(await after.stores.lineage.byKey(key.keyDigest)).toEqual(key);
  await after.close();
});
