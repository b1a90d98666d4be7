import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Unavailable } from '../../server/ports/unavailable.ts';
import { migrate } from '../../server/store/migrate.ts';
import { sqlite } from '../../server/store/sqlite.ts';
import { SqliteFile } from '../../server/store/sqlite-driver.ts';
import { holdWriteLock } from '../support/file-lock.ts';
import { fuzzed } from '../support/fuzzing.ts';
import { openssl } from '../support/openssl.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';

let server: TestServer;
let lines: string[];
beforeEach(async () => {
  lines = [];
  server = await startTestServer({ databaseUrl: '', onOutage: (line) => lines.push(line) });
});
afterEach(() => closeFaultless(server));

it('answers all who read while another process has the write lock, and writes when that is done', async () => {
  const ines = await server.signIn('ines');
  const device = await server.listedDevice();
  const bundle = join(server.data, 'bundle.pem');
  writeFileSync(bundle, await (await fetch(`${server.url}/ca/northfield/bundle.pem`)).text());
  const asked = ['-issuer', bundle, '-cert', bundle, '-url', `${server.url}/ocsp`, '-no_nonce'];
  const before = (await openssl('ocsp', ...asked)).out;
  const { jws } = await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  const release = await holdWriteLock(server.data);
  let isAnswered = false;
  const sent = ines.send([jws]).finally(() => {
    isAnswered = true;
  });
  // The record waits all the while, and keeps nobody from reading.
  for (let n = 0; n < 20; n++) {
    expect((await fetch(`${server.url}/crl/northfield.crl`)).status).toBe(200);
    expect((await ines.get('/api/devices?org=northfield')).status).toBe(200);
  }
  expect((await openssl('ocsp', ...asked)).out).toBe(before);
  const health = await fetch(`${server.url}/healthz`);
  expect([health.status, await health.json()]).toEqual([
    503,
    { status: 'failing', causes: ['database_busy'] },
  ]);
  expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
  expect(isAnswered).toBe(false);
  await release();
  expect(await sent).toMatchObject({ results: [{ status: 'received' }] });
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(lines).toEqual([]);
});

it.each([
  [
    'a transaction',
    (engine: ReturnType<typeof sqlite>) => engine.db.transaction().execute(async () => undefined),
  ],
  [
    'a statement by itself',
    (engine: ReturnType<typeof sqlite>) => sql`insert into turn (n) values (9)`.execute(engine.db),
  ],
])('gives up after a while, and says so: %s', async (_, work) => {
  const told: string[] = [];
  const engine = sqlite(server.data, { failed: ({ outage }) => told.push(outage) }, 50);
  await migrate(engine);
  const release = await holdWriteLock(server.data);
  await expect(work(engine)).rejects.toMatchObject({ name: 'Unavailable', outage: 'database_busy' });
  expect(told).toEqual(['database_busy']);
  await release();
  await work(engine);
  await engine.db.destroy();
});

it('tells what filled first, keeps nothing of that transaction, and goes on', async () => {
  const told: Unavailable[] = [];
  const engine = sqlite(join(server.data, 'small'), { failed: (error) => told.push(error) });
  await migrate(engine);
  const pages =
    (await sql<{ page_count: number }>`pragma page_count`.execute(engine.db)).rows[0]?.page_count ?? 0;
  await sql.raw(`pragma max_page_count = ${pages + 4}`).execute(engine.db);
  const add = (name: string, length: number) =>
    sql`insert into settings (name, value) values (${name}, ${'x'.repeat(length)})`;
  const names = async () =>
    (await sql<{ name: string }>`select name from settings`.execute(engine.db)).rows.map(({ name }) => name);
  await expect(
    engine.db.transaction().execute(async (trx) => {
      await add('a', 10).execute(trx);
      await add('b', 1_000_000).execute(trx);
    }),
  ).rejects.toMatchObject({
    name: 'Unavailable',
    outage: 'disk_full',
    message: 'the disk is full; make room (SQLITE_FULL)',
  });
  expect(await names()).toEqual([]);
  // SQLite has ended the transaction by itself: what goes on in spite of that would be kept, and by itself.
  await expect(
    engine.db.transaction().execute(async (trx) => {
      await add('c', 10).execute(trx);
      await add('d', 1_000_000)
        .execute(trx)
        .catch(() => undefined);
      await add('e', 10)
        .execute(trx)
        .catch(() => undefined);
    }),
  ).rejects.toBeInstanceOf(Unavailable);
  expect(await names()).toEqual([]);
  await add('f', 10).execute(engine.db);
  expect(await names()).toEqual(['f']);
  expect(new Set(told.map(({ outage }) => outage))).toEqual(new Set(['disk_full']));
  await engine.db.destroy();
});

it('keeps all of a transaction or nothing, however little room there is and whatever is caught on the way', async () => {
  const size = fc.constantFrom(10, 3_000, 9_000, 40_000, 300_000);
  const transaction = fc.array(fc.record({ size, isCaught: fc.boolean() }), { minLength: 1, maxLength: 6 });
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(transaction, { maxLength: 8 }), fc.nat(40), async (transactions, room) => {
      const engine = sqlite(join(server.data, `small-${n++}`));
      await migrate(engine);
      const [pages] = (await sql<{ page_count: number }>`pragma page_count`.execute(engine.db)).rows;
      await sql.raw(`pragma max_page_count = ${(pages?.page_count ?? 0) + room}`).execute(engine.db);
      for (const [at, rows] of transactions.entries()) {
        const outcome = await engine.db
          .transaction()
          .execute(async (trx) => {
            for (const [row, { size: length, isCaught }] of rows.entries()) {
              const adding = sql`insert into settings (name, value) values (${`${at}-${row}`}, ${'x'.repeat(length)})`;
              await (isCaught ? adding.execute(trx).catch(() => undefined) : adding.execute(trx));
            }
          })
          .then(
            () => 'kept',
            (error: unknown) => {
              expect(error).toMatchObject({ name: 'Unavailable', outage: 'disk_full' });
              return 'refused';
            },
          );
        const there = await sql`select 1 from settings where name like ${`${at}-%`}`.execute(engine.db);
        // A caught error may have cost one row; the transaction was told of it all the same where SQLite had ended it.
        if (outcome === 'refused') expect(there.rows).toEqual([]);
        else
          expect(there.rows.length).toBeGreaterThanOrEqual(rows.filter(({ isCaught }) => !isCaught).length);
      }
      await engine.db.destroy();
    }),
    fuzzed(400),
  );
});

it('runs nothing in a transaction that could not be rolled back, until it could', async () => {
  const disk = { inTransaction: true, isWell: false, exec: () => undefined as unknown };
  disk.exec = () => {
    if (!disk.isWell) throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_WRITE' });
    disk.inTransaction = false;
    return undefined;
  };
  const told: string[] = [];
  const observer = { failed: ({ outage }: Unavailable) => told.push(outage) };
  const file = new SqliteFile(disk as never, { folder: server.data, observer, patience: 10 });
  for (let n = 0; n < 2; n++)
    await expect(file.whenFree(() => 'done')).rejects.toMatchObject({ outage: 'disk_failing' });
  expect(told).toEqual(['disk_failing', 'disk_failing']);
  disk.isWell = true;
  expect(await file.whenFree(() => 'done')).toBe('done');
});
