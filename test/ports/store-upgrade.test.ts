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
 * What is short-lived there (a nonce, an open intent, a challenge, a receiver with a refusal, an unfinished import, an open
 * transfer case over a live binding) was added by hand.
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
      // Not "on conflict do nothing": a row of the data that is lost would be compared with nothing.
      await sql`insert into ${sql.table(table)} (${columns}) values (${values})`.execute(engine.db);
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
    // The migrations themselves write rows of these two alone.
    const tables = (await filled.db.introspection.getTables()).map(({ name }) => name).sort();
    expect(tables.filter((name) => name !== 'migrations' && name !== 'turn')).toEqual(names);
    const kept: Record<string, number> = {};
    for (const table of names) kept[table] = await count(filled, table);
    expect(kept).toEqual(Object.fromEntries(names.map((table) => [table, DATA[table]?.length])));
    expect(Object.values(kept)).not.toContain(0);
    await filled.db.destroy();
  });

  it('is brought up with all of them', async () => {
    const { stores, transact, close } = await openDatabase(folder, url?.());
    const after = engine();
    for (const [name, { length }] of Object.entries(DATA)) {
      const table = RENAMED[name] ?? name;
      expect([table, await count(after, table)]).toEqual([table, length]);
    }
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
    // Where a column holds no null, '' stands for it.
    expect(await stores.policies.ofOrg('northfield')).toEqual([
      { org: 'northfield', domain: null, policy: { rekey: 'allow' } },
    ]);
    const job = DATA.list_jobs?.find((one) => one.finished_at === null);
    const open = await stores.listJobs.open('northfield', String(job?.digest), null, null);
    expect(open).toMatchObject({ id: job?.id, maker: null, signer: null, line: job?.line });
    const [made, general] = DATA.give_ups ?? [];
    expect(general?.transfer).toBe('');
    const offersOf = (offer: typeof made, id: unknown) =>
      stores.offers.inCase({ id: String(id), binding: String(offer?.binding) });
    expect(await offersOf(general, 'whichever')).toMatchObject([{ transfer: null, by: 'client desk-crm' }]);
    expect(await offersOf(made, made?.transfer)).toMatchObject([{ transfer: made?.transfer, by: 'sam' }]);
    expect(await offersOf(made, 'another')).toEqual([]);
    const key = (state: string) => DATA.lineage?.find((one) => one.state === state);
    const [former, current] = [key('former'), key('current')];
    expect((await stores.lineage.successors(10)).map((one) => [one.former, Buffer.from(one.spki)])).toEqual([
      [former?.key_digest, Buffer.from(bytesOf(current?.spki ?? null) as Uint8Array)],
    ]);
    const decided = DATA.transfer_verdicts?.map(({ id }) => id);
    const cases = DATA.transfer_cases?.map(({ id }) => id).filter((id) => !decided?.includes(id));
    expect(cases).not.toEqual([]);
    expect((await stores.transfers.openCases()).map(({ id }) => id)).toEqual(cases);
    // Digests of rows from before come while the server runs, and until then phones are not told that the list is whole.
    const rows = DATA.list_rows?.filter(({ scope }) => scope === 'real').length;
    expect(await stores.listFeed.isWhole()).toBe(false);
    while ((await transact((tx) => tx.listFeed.digestSome(2))) > 0);
    expect(await stores.listFeed.isWhole()).toBe(true);
    expect(await stores.listFeed.digests('real', 0, 1000)).toHaveLength(rows ?? 0);
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
