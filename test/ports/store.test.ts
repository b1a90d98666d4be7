import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import type { Database } from '../../server/ports/stores.ts';
import { openDatabase } from '../../server/store/open.ts';
import { storeSuite } from './store-suite.ts';

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'fieldbind-store-'));
  folders.push(made);
  return made;
}
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

storeSuite('SQLite', () => openDatabase(folder()));

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
