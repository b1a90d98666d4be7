import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../server/ports/stores.ts';
import { openDatabase } from '../../server/store/open.ts';
import { query, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { storeSuite } from './store.suite.ts';

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'fieldbind-store-'));
  folders.push(made);
  return made;
}
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.remove());

storeSuite('SQLite', () => openDatabase(folder()));
storeSuite('PostgreSQL', async () => openDatabase('', await postgres.database()));

describe('SQLite', () => {
  it('is durable, private, and opened twice at once', async () => {
    const data = folder();
    const first = await openDatabase(data);
    const second: Database = await openDatabase(data);
    await first.stores.settings.settle('a', '1');
    expect(await second.stores.settings.setting('a')).toBe('1');
    expect(statSync(join(data, 'fieldbind.sqlite')).mode & 0o777).toBe(0o600);
    await first.close();
    await second.close();
    const raw = new BetterSqlite(join(data, 'fieldbind.sqlite'));
    expect(raw.pragma('journal_mode', { simple: true })).toBe('wal');
    raw.close();
  });

  it('refuses a database that a newer version wrote', async () => {
    const data = folder();
    await (await openDatabase(data)).close();
    const raw = new BetterSqlite(join(data, 'fieldbind.sqlite'));
    raw.exec('insert into migrations (n) values (999)');
    raw.close();
    await expect(openDatabase(data)).rejects.toThrow('newer version');
  });
});

describe('PostgreSQL', () => {
  it('is made once by processes that start together, and its transactions take turns', async () => {
    const url = await postgres.database();
    const both = await Promise.all(Array.from({ length: 6 }, () => openDatabase('', url)));
    await Promise.all(
      both.flatMap((db) =>
        Array.from({ length: 10 }, () =>
          db.transact(async ({ settings }) => {
            const n = Number(await settings.settle('n', '0'));
            await settings.change('n', String(n + 1));
          }),
        ),
      ),
    );
    expect(await both[0]?.stores.settings.setting('n')).toBe('60');
    for (const db of both) await db.close();
  });

  it('takes up a migration that ended in the middle', async () => {
    const url = await postgres.database();
    await (await openDatabase('', url)).close();
    // As a crash between the steps leaves it.
    await query(url, 'drop index records_of_device; delete from migrations where n = 12');
    const again = await openDatabase('', url);
    await again.close();
    expect(await query(url, "select 1 from pg_indexes where indexname = 'records_of_device'")).toHaveLength(
      1,
    );
  });

  it('refuses a database that a newer version wrote', async () => {
    const url = await postgres.database();
    await (await openDatabase('', url)).close();
    await query(url, 'insert into migrations (n) values (999)');
    await expect(openDatabase('', url)).rejects.toThrow('newer version');
  });

  it('does not show its address when it cannot be reached', async () => {
    const error = await openDatabase('', 'postgres://u:secret-word@127.0.0.1:1/x').catch(String);
    expect(error).toContain('ECONNREFUSED');
    expect(error).not.toContain('secret-word');
  });

  it('goes on after the database was stopped and started again', async () => {
    const db = await openDatabase('', await postgres.database());
    await db.stores.settings.settle('a', '1');
    const cut = db.transact(async ({ settings }) => {
      await settings.change('a', '2');
      await postgres.stop();
      await settings.change('a', '3');
    });
    await expect(cut).rejects.toThrow();
    await expect(db.stores.settings.setting('a')).rejects.toThrow();
    await postgres.start();
    expect(await db.stores.settings.setting('a')).toBe('1');
    await db.transact(({ settings }) => settings.change('a', '4'));
    expect(await db.stores.settings.setting('a')).toBe('4');
    await db.close();
  });
});
