import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { query, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { fieldbind, OAK_STREET, startTestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { trailOf } from '../support/trail.ts';

let folder: string;
let postgres: TestPostgres;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-copy-'));
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres.remove();
  rmSync(folder, { recursive: true });
});

/** Every row of every table, as SQLite holds it. */
function contents(data: string): Record<string, unknown[]> {
  const file = new BetterSqlite(join(data, 'fieldbind.sqlite'), { readonly: true });
  const names = file.prepare("select name from sqlite_master where type = 'table'").pluck().all().map(String);
  const rows = names.map((name) => {
    const all = file.prepare(`select * from ${name}`).all();
    return [name, all.map((row) => JSON.stringify(row)).sort()] as const;
  });
  file.close();
  return Object.fromEntries(rows);
}

it('moves from a file to PostgreSQL and back without loss, and goes on there', async () => {
  const data = join(folder, 'first');
  // A file of its own in both projects: the move is the test.
  const before = await startTestServer({ data, databaseUrl: '' });
  const ines = await before.signIn('ines');
  const device = await before.listedDevice();
  const bound = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  await before.close();

  const url = await postgres.database();
  expect(await fieldbind(data, ['move', '--to', url])).toMatchObject({ code: 0 });
  const again = await fieldbind(data, ['move', '--to', url]);
  expect(again).toMatchObject({ code: 1, out: expect.stringContaining('not empty') });
  const there = join(folder, 'back');
  expect(await fieldbind(data, ['backup', '--to', there], url)).toMatchObject({ code: 0 });
  // Each copy says on its trail for what it was begun; the rest is the same.
  const { audit: told = [], audit_heads: heads = [], ...rest } = contents(there);
  const { audit: source = [], audit_heads: _, ...same } = contents(data);
  expect(rest).toEqual(same);
  expect(told).toEqual(expect.arrayContaining(source));
  expect(told.filter((row) => !source.includes(row))).toMatchObject([
    expect.stringContaining('"backup begun"'),
  ]);
  expect(source.filter((row) => String(row).includes('"move begun"'))).toHaveLength(1);
  expect(heads).toHaveLength(
    new Set(told.map((row) => (JSON.parse(String(row)) as { writer: string }).writer)).size,
  );

  const server = await startTestServer({ data, databaseUrl: url });
  const sam = await server.signIn('sam');
  expect(await sam.changes('northfield')).toMatchObject([{ record: bound.record, outcome: 'bound' }]);
  const other = await server.listedDevice();
  const next = await server.signIn('ines');
  expect(
    await next.submit('registration+jws', registrationOf(other, OAK_STREET), 'northfield'),
  ).toMatchObject({ outcome: 'bound' });
  expect(await verifyAudit(server.running.installation)).toMatchObject({ ok: true });
  await server.close();
});

it('restores a backup into an empty installation only', async () => {
  const data = join(folder, 'lost');
  const before = await startTestServer({ data, databaseUrl: '' });
  const copy = join(folder, 'copy');
  expect(await before.fieldbind('backup', '--to', copy)).toMatchObject({ code: 0 });
  await before.close();
  expect(await fieldbind(data, ['restore', '--from', copy])).toMatchObject({ code: 1 });
  renameSync(join(data, 'fieldbind.sqlite'), join(folder, 'gone.sqlite'));
  for (const side of ['-wal', '-shm']) rmSync(join(data, `fieldbind.sqlite${side}`), { force: true });
  expect(await fieldbind(data, ['restore', '--from', copy])).toMatchObject({ code: 0 });
  const after = await startTestServer({ data, databaseUrl: '' });
  const events = (await trailOf(after.running.installation.stores)).map(({ event }) => event);
  expect(events.filter((event) => /^(?:backup|put back)/.test(event))).toEqual([
    'backup begun',
    'put back to a copy',
  ]);
  expect(await after.fieldbind('operator', 'confirm', '--all', '--by', 'ada')).toMatchObject({ code: 0 });
  expect((await after.signIn('ines')).session.memberships).toHaveLength(2);
  await after.close();
  const nothing = await fieldbind(data, ['restore', '--from', folder]);
  expect(nothing.out).toContain('there is no database');
});

it('begins nothing in a wrong or emptied database of PostgreSQL beside keys, and writes nothing there', async () => {
  const data = join(folder, 'named');
  const url = await postgres.database();
  const first = await startTestServer({ data, databaseUrl: url });
  await first.close();
  const wrong = await postgres.database();
  await expect(startTestServer({ data, databaseUrl: wrong })).rejects.toThrow(/keys of an installation/);
  expect(await fieldbind(data, ['audit', 'verify'], wrong)).toMatchObject({ code: 2 });
  expect(await query(wrong, "select 1 from information_schema.tables where table_schema = 'public'")).toEqual(
    [],
  );
  // The folder without the variable: its keys are not those of a new installation in a file either.
  await expect(startTestServer({ data, databaseUrl: '' })).rejects.toThrow(/keys of an installation/);

  const server = await startTestServer({ data, databaseUrl: url });
  const ines = await server.signIn('ines');
  const device = await server.listedDevice();
  await query(url, 'delete from statement_keys');
  const { jws } = await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  expect(await ines.post('/api/records', ines.batch([jws]))).toMatchObject({ status: 503 });
  expect(await server.running.gone).toContain('taken away');
  expect(await query(url, 'select kid from statement_keys')).toEqual([]);
});

it('goes on in one of its databases only: the one that was left by a move is older', async () => {
  const data = join(folder, 'left');
  await (await startTestServer({ data, databaseUrl: '' })).close();
  const url = await postgres.database();
  expect(await fieldbind(data, ['move', '--to', url])).toMatchObject({ code: 0 });
  // Several servers share a folder where PostgreSQL keeps them apart; nothing may be replaced beside them.
  const [one, two] = [
    await startTestServer({ data, databaseUrl: url }),
    await startTestServer({ data, databaseUrl: url }),
  ];
  const back = await fieldbind(data, ['move', '--to', join(folder, 'left-back')], url);
  expect(back).toMatchObject({ code: 2, out: expect.stringContaining('a server works with') });
  await one.close();
  await two.close();
  await expect(startTestServer({ data, databaseUrl: '' })).rejects.toThrow(/rows are missing/);
});
