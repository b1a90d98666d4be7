import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fieldbind, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';

let data: string;
let file: string;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-damaged-'));
  file = join(data, 'fieldbind.sqlite');
  const server = await start();
  await server.listedDevice();
  await server.close();
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const start = (lines: string[] = []): Promise<TestServer> =>
  startTestServer({ data, databaseUrl: '', onOutage: (line) => lines.push(line) });

/** What a bad sector leaves of the first page of a table. */
function damage(table: string): void {
  const database = new BetterSqlite(file);
  database.pragma('wal_checkpoint(TRUNCATE)');
  const size = Number(database.pragma('page_size', { simple: true }));
  const { rootpage } = database.prepare('select rootpage from sqlite_master where name = ?').get(table) as {
    rootpage: number;
  };
  database.close();
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(size, 0xa5), 0, size, (rootpage - 1) * size);
  closeSync(handle);
}

const SENTENCE =
  /^fieldbind: the database is damaged; set its file aside, and restore the last backup beside the keys \(SQLITE_[A-Z_]+\)\n$/;

it.each(['settings', 'migrations'])('is said in a sentence at a start that meets it in %s', async (table) => {
  damage(table);
  await expect(start()).rejects.toMatchObject({ name: 'Unavailable', outage: 'database_damaged' });
  const { code, out } = await fieldbind(data, ['audit', 'verify'], '');
  expect(code).toBe(2);
  expect(out).toMatch(SENTENCE);
});

it('is said where the file is no database at all', async () => {
  for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  writeFileSync(file, 'not a database. '.repeat(1000));
  const { code, out } = await fieldbind(data, ['devices'], '');
  expect(code).toBe(2);
  expect(out).toMatch(SENTENCE);
});

it('met while the server runs, is answered by 503, said once, and told by its health from then on', async () => {
  damage('envelopes');
  const lines: string[] = [];
  const server = await start(lines);
  const ines = await server.signIn('ines');
  const device = await server.listedDevice();
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  for (let n = 0; n < 3; n++) {
    const { jws } = await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    const { status, headers, body } = await ines.post('/api/records', ines.batch([jws]));
    expect([status, headers.get('retry-after')]).toEqual([503, '300']);
    expect(body).toMatchObject({ code: 'unavailable' });
  }
  expect((await ines.get('/api/devices?org=northfield')).status).toBe(200);
  const health = await fetch(`${server.url}/healthz`);
  expect([health.status, await health.json()]).toEqual([
    503,
    { status: 'failing', causes: ['database_damaged'] },
  ]);
  expect(lines).toEqual([expect.stringMatching(/^the database is damaged; .*\(SQLITE_CORRUPT/)]);
  expect(server.faults).toEqual([]);
  await server.close();
});
