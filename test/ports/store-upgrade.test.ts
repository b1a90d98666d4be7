import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, Value } from '../../server/store/engine.ts';
import { MIGRATIONS, migrate } from '../../server/store/migrate.ts';
import { openDatabase } from '../../server/store/open.ts';
import { postgres } from '../../server/store/postgres.ts';
import { sqlite } from '../../server/store/sqlite.ts';
import { issuerName } from '../support/issuer-name.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

/**
 * Rows of every table, as version 0.1.0 (migration 42) wrote them: taken out of databases that its own tests had filled.
 * What is short-lived there (a nonce, an open intent, a challenge, a receiver with a refusal) was added by hand.
 */
type Rows = Record<string, Record<string, Value | { readonly base64: string }>[]>;
const DATA: Rows = JSON.parse(readFileSync(new URL('../fixtures/data-of-42.json', import.meta.url), 'utf8'));
/** Tables that have another name since. */
const RENAMED: Record<string, string> = { event_sinks: 'event_receivers' };

const folder = mkdtempSync(join(tmpdir(), 'fieldbind-upgrade-'));
let server: TestPostgres;
let address = '';
beforeAll(async () => {
  server = await startPostgres();
  address = await server.database();
});
afterAll(async () => {
  await server?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const bytesOf = (value: Value | { readonly base64: string }): Value =>
  typeof value === 'object' && value !== null && 'base64' in value
    ? Uint8Array.from(Buffer.from(value.base64, 'base64'))
    : value;

async function fillAsOf42(engine: Engine): Promise<void> {
  await migrate(
    engine,
    MIGRATIONS.filter(({ n }) => n <= 42),
  );
  for (const [table, rows] of Object.entries(DATA))
    for (const row of rows) {
      const columns = sql.join(Object.keys(row).map((column) => sql.ref(column)));
      const values = sql.join(Object.values(row).map(bytesOf));
      // `turn` and `versions` have rows of the migrations themselves.
      await sql`insert into ${sql.table(table)} (${columns}) values (${values}) on conflict do nothing`.execute(
        engine.db,
      );
    }
  await engine.db.destroy();
}

async function count({ db }: Engine, table: string): Promise<number> {
  const { rows } = await sql<{ n: number | string }>`select count(*) as n from ${sql.table(table)}`.execute(
    db,
  );
  return Number(rows[0]?.n);
}

describe.each([
  ['SQLite', () => sqlite(folder), undefined],
  ['PostgreSQL', () => postgres(address), () => address],
] as const)('a database of version 0.1.0 in %s', (_, engine, url) => {
  it('has rows in every table', async () => {
    await fillAsOf42(engine());
    const filled = engine();
    const names = Object.keys(DATA).sort();
    // What migrations and turns are kept in has rows of its own.
    const tables = (await filled.db.introspection.getTables()).map(({ name }) => name).sort();
    expect(tables.filter((name) => name !== 'migrations' && name !== 'turn')).toEqual(names);
    const empty = [];
    for (const table of names) if ((await count(filled, table)) === 0) empty.push(table);
    expect(empty).toEqual([]);
    await filled.db.destroy();
  });

  it('is brought up with all of them', async () => {
    const before = engine();
    const counts = new Map<string, number>();
    for (const table of Object.keys(DATA)) counts.set(RENAMED[table] ?? table, await count(before, table));
    await before.db.destroy();
    const { stores, close } = await openDatabase(folder, url?.());
    const after = engine();
    for (const [table, n] of counts) expect([table, await count(after, table)]).toEqual([table, n]);
    await after.db.destroy();

    expect((await stores.intents.unfinished()).map(({ intent }) => [intent.issuer, intent.kind])).toEqual([
      ['northfield', 'tbs'],
      ['northfield@est-ca', 'order'],
    ]);
    expect(await stores.receivers.receiver('desk')).toMatchObject({
      org: 'northfield',
      fault: 'not_reached',
    });
    expect(await stores.receivers.refusals('desk')).toBe(1);
    const [binding] = DATA.bindings ?? [];
    expect(await stores.bindings.binding(String(binding?.id))).toMatchObject({ udid: binding?.udid });
    const [record] = DATA.records ?? [];
    expect(await stores.records.record(String(record?.id))).toMatchObject({ author: record?.author });
    const [certificate] = DATA.certificates ?? [];
    expect(await stores.certificates.byFingerprint(String(certificate?.fingerprint))).toBeDefined();
    expect(await stores.crls.crl(issuerName('northfield'))).toBeDefined();
    expect((await stores.policies.ofOrg('northfield')).length).toBeGreaterThan(0);
    expect(await stores.lineage.successors(10)).toEqual(expect.any(Array));
    expect((await stores.transfers.openCases()).length).toBeGreaterThanOrEqual(0);
    await close();
  });

  it('is refused by a program that is older than it', async () => {
    const older = engine();
    await expect(
      migrate(
        older,
        MIGRATIONS.filter(({ n }) => n <= 42),
      ),
    ).rejects.toThrow('newer version');
    await older.db.destroy();
  });
});
