import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import type { Binding } from '../../server/ports/bindings.ts';
import type { Database } from '../../server/ports/stores.ts';
import { openDatabase } from '../../server/store/open.ts';
import { issuerName } from '../support/issuer-name.ts';
import { keep } from '../support/kept-record.ts';
import { query, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { storeSuite } from './store.suite.ts';
import { feedStoreSuite } from './store-feed.suite.ts';
import { listStoreSuite } from './store-lists.suite.ts';
import { recordStoreSuite } from './store-records.suite.ts';
import { AT, LATER, record } from './store-samples.ts';

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'fieldbind-store-'));
  folders.push(made);
  return made;
}
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

/** A database as it was before the index went, but for what is in it. */
const BEFORE_35 = 'create index bindings_name on bindings (maker, udid); delete from migrations where n = 35';
/** Claims and names as they were before rows belonged to organisations. */
const BEFORE_45 = `
  drop table list_gone; drop index list_rows_undigested; drop index list_rows_in_turn; drop index list_rows_of;
  alter table list_rows drop column digest; alter table list_rows drop column n; delete from migrations where n = 46;
  create index list_rows_of on list_rows (org, imported_at);  drop index transfer_cases_open; alter table transfer_cases drop column open_pair; drop table row_claims;
  drop index bindings_live_name; alter table bindings drop column apart;
  create unique index bindings_live_name on bindings (maker, udid) where ended_at is null; delete from migrations where n = 45;`;
/** Names as they were before an intent said what it holds. Each description of an older database begins with this. */
const BEFORE_43 = `
  alter table intents rename column to_be_signed to tbs; alter table intents rename column digest to tbs_digest;
  alter table intents drop column kind; alter table event_receivers rename to event_sinks;
  alter table event_refusals rename column receiver to sink; delete from migrations where n = 43;`;
/** Offers as they were before they named a case, over bindings with one case, with two, and with none. */
const BEFORE_36 = `${BEFORE_45}
  drop table give_ups;
  create table give_ups (binding text primary key, by_whom text not null, because text not null, at text not null);
  insert into orgs (name, title, training, salt, created_at) values ('home', 'Home', 0, '', ''), ('practice', 'Practice', 1, '', '');
  insert into transfer_cases (id, record, claimant, binding, opened_at)
    values ('1', 'r1', 'home', 'one', '2026-01-01'), ('2', 'r2', 'home', 'two', '2026-01-01'),
      ('3', 'r3', 'home', 'two', '2026-01-02'), ('4', 'r4', 'practice', '01900000-0000-7000-8000-000000000001', '2026-01-01'),
      ('5', 'r5', 'home', '01900000-0000-7000-8000-000000000001', '2026-01-01');
  insert into give_ups (binding, by_whom, because, at)
    values ('one', 'sam', 'sold', '2026-01-03'), ('two', 'sam', 'sold', '2026-01-03'), ('none', 'sam', 'sold', '2026-01-03');
  delete from migrations where n = 36`;
async function expectAfter36({ stores: { offers, transfers } }: Database): Promise<void> {
  const offer = { by: 'sam', because: 'sold', at: '2026-01-03' };
  expect(await offers.inCase({ id: '1', binding: 'one' })).toEqual([
    { binding: 'one', transfer: '1', ...offer },
  ]);
  expect(await offers.inCase({ id: '9', binding: 'one' })).toEqual([]);
  expect(await offers.inCase({ id: '3', binding: 'two' })).toEqual([]);
  expect(await offers.inCase({ id: '9', binding: 'none' })).toEqual([
    { binding: 'none', transfer: null, ...offer },
  ]);
  // Of the claims on the device that is bound for real the one for practice is gone.
  expect((await transfers.openCases()).map(({ id }) => id)).toEqual(['5']);
}
const BINDING: Binding = {
  id: '01900000-0000-7000-8000-000000000001',
  scope: 'real',
  org: 'northfield',
  domain: 'oak-street.northfield.fieldbind.internal' as DomainName,
  site: null,
  maker: 'acme',
  udid: 'mac-001122334455' as Udid,
  keyDigest: 'digest',
  registration: '01900000-0000-7000-8000-000000000002',
  state: 'issued',
  unproven: true,
  firstUse: false,
  boundAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
};

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.remove());

for (const suite of [storeSuite, recordStoreSuite, listStoreSuite, feedStoreSuite]) {
  suite('SQLite', () => openDatabase(folder()));
  suite('PostgreSQL', async () => openDatabase('', await postgres.database()));
}

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

  it('keeps what an older version wrote when an index goes', async () => {
    const data = folder();
    const first = await openDatabase(data);
    await first.transact(({ bindings }) => bindings.open(BINDING));
    await first.close();
    const raw = new BetterSqlite(join(data, 'fieldbind.sqlite'));
    raw.exec(BEFORE_35);
    raw.close();
    const again = await openDatabase(data);
    expect(await again.stores.bindings.binding(BINDING.id)).toEqual(BINDING);
    await again.close();
    const after = new BetterSqlite(join(data, 'fieldbind.sqlite'));
    expect(after.prepare("select 1 from sqlite_schema where name = 'bindings_name'").all()).toEqual([]);
    after.close();
  });

  it('keeps the offers of an older version where they tell what they meant', async () => {
    const data = folder();
    const first = await openDatabase(data);
    await first.transact(({ bindings }) => bindings.open(BINDING));
    await first.close();
    const raw = new BetterSqlite(join(data, 'fieldbind.sqlite'));
    raw.exec(BEFORE_36);
    raw.close();
    const again = await openDatabase(data);
    await expectAfter36(again);
    await again.close();
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

  it('keeps what an older version wrote when an index goes', async () => {
    const url = await postgres.database();
    const first = await openDatabase('', url);
    await first.transact(({ bindings }) => bindings.open(BINDING));
    await first.close();
    await query(url, BEFORE_35);
    const again = await openDatabase('', url);
    expect(await again.stores.bindings.binding(BINDING.id)).toEqual(BINDING);
    await again.close();
    expect(await query(url, "select 1 from pg_indexes where indexname = 'bindings_name'")).toEqual([]);
  });

  it('keeps the offers of an older version where they tell what they meant', async () => {
    const url = await postgres.database();
    const first = await openDatabase('', url);
    await first.transact(({ bindings }) => bindings.open(BINDING));
    await first.close();
    await query(url, BEFORE_36);
    const again = await openDatabase('', url);
    await expectAfter36(again);
    await again.close();
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

describe('an import and a receiver of an older version', () => {
  /** A database as it was before imports knew their signature. */
  const BEFORE_38 = `${BEFORE_43} drop index list_jobs_open; alter table list_jobs drop column signer;
    create unique index list_jobs_open on list_jobs (org, digest, maker) where finished_at is null;
    alter table event_sinks drop column not_taken; delete from migrations where n = 38`;

  async function keeps(open: () => Promise<Database>, older: () => Promise<unknown>): Promise<void> {
    const first = await open();
    const at = BINDING.boundAt;
    const counts = { offset: 9, line: 2, imported: 0, unchanged: 0, faults: 1, rejectedBytes: 0 };
    const file = { org: 'northfield', digest: 'd', maker: null, signer: null };
    await first.stores.listJobs.save({ id: 'j', ...file, startedAt: at, finishedAt: null, ...counts });
    const receiver = {
      name: 'crm',
      org: 'northfield',
      kind: 'webhook',
      target: 'https://x/',
      topic: null,
    } as const;
    await first.stores.receivers.add({ ...receiver, kinds: ['bound'], madeAt: at, madeBy: 'sam' });
    await first.close();
    await older();
    const again = await open();
    // Nobody knows under which signature it went so far, so the file is begun anew.
    expect(await again.stores.listJobs.open('northfield', 'd', null, null)).toBeUndefined();
    await again.stores.listJobs.save({ id: 'k', ...file, startedAt: at, finishedAt: null, ...counts });
    expect(await again.stores.listJobs.open('northfield', 'd', null, null)).toMatchObject({ id: 'k' });
    expect(await again.stores.receivers.receiver('crm')).toMatchObject({ ...receiver, notTaken: 0 });
    await again.close();
  }

  it('are kept in SQLite', async () => {
    const data = folder();
    await keeps(
      () => openDatabase(data),
      async () => new BetterSqlite(join(data, 'fieldbind.sqlite')).exec(BEFORE_38).close(),
    );
  });

  it('are kept in PostgreSQL', async () => {
    const url = await postgres.database();
    await keeps(
      () => openDatabase('', url),
      () => query(url, BEFORE_38),
    );
  });
});

describe('what an older version wrote in more places than one', () => {
  const SKIP = {
    id: BINDING.id,
    app: '1',
    capturedAt: AT,
    of: BINDING.registration,
    seq: 5,
    digest: 'A'.repeat(43),
    code: 'payload_invalid',
  };
  const blob = (engine: string, hex: string) => (engine === 'SQLite' ? `x'${hex}'` : `'\\x${hex}'::bytea`);
  const TYPES = ['registration', 'confirmation', 'amendment', 'void', 'release', 'transfer'] as const;
  const decided = (n: number, typ: (typeof TYPES)[number]) => {
    const one = record(`t${n}`, 10 + n, { outcome: n === 0 ? 'held' : 'bound', decidedAt: LATER });
    return { ...one, header: { ...one.header, typ: `${typ}+jws` as const } };
  };
  /** A database as it was when records held their text again, and certificates what they were made of. */
  const before42 = (engine: string) => {
    const header = JSON.stringify({ ...record('r1', 7).header, typ: 'skip+jws' });
    const bytes = engine === 'SQLite' ? 'blob' : 'bytea';
    const number = engine === 'SQLite' ? 'integer' : 'bigint';
    const some = [
      ['01', 'intended', `${blob(engine, '0a')}, 'aa'`, 'null, null'],
      ['02', 'issued', `${blob(engine, '0b')}, 'bb'`, `'f2', ${blob(engine, '0c')}`],
      ['03', 'abandoned', `${blob(engine, '0d')}, 'cc'`, 'null, null'],
    ];
    return `${BEFORE_43}
      drop table records; drop table certificates; drop table intents; drop table statements;
      create table statements (digest text primary key, typ text not null, at text not null);
      insert into statements (digest, typ, at) values ('s1', 'receipt+jws', '${AT}');
      create table records (id text primary key, digest text not null unique, kid text not null, seq ${number} not null, org text not null, header text not null, author text not null, payload text not null, udid text not null, captured_at text not null, received_at text not null, outcome text, code text, decided_at text, binding text, approved_by text);
      create index records_pending on records (received_at, kid, seq) where outcome is null;
      create index records_held on records (org, received_at) where outcome = 'held';
      create index records_held_of_key on records (kid, seq) where outcome = 'held';
      create index records_of_device on records (udid, received_at);
      insert into records (id, digest, kid, seq, org, header, author, payload, udid, captured_at, received_at, outcome, code, decided_at, binding, approved_by)
        values ('r1', 'd1', 'k', 7, 'northfield', '${header}', 'ines', '${JSON.stringify(SKIP)}', '', '${AT}', '${AT}', null, null, null, 'b1', 'sam');
      ${TYPES.map((typ, n) => {
        const { id, digest, outcome, header: head } = decided(n, typ);
        return `insert into records (id, digest, kid, seq, org, header, author, payload, udid, captured_at, received_at, outcome, code, decided_at, binding, approved_by)
          values ('${id}', '${digest}', 'k', ${10 + n}, 'northfield', '${JSON.stringify(head)}', 'ines', '{"id":"${id}"}', 'acme-1', '${AT}', '${AT}', '${outcome}', null, '${LATER}', null, null);`;
      }).join('\n')}
      create table certificates (serial text primary key, issuer text not null, binding text not null, state text not null, tbs ${bytes} not null, tbs_digest text not null, not_before text not null, not_after text not null, fingerprint text unique, der ${bytes}, revoked_at text, reason text);
      create index certificates_of on certificates (binding);
      create index certificates_unfinished on certificates (serial) where state = 'intended';
      create index certificates_revoked on certificates (issuer, revoked_at) where revoked_at is not null;
      ${some
        .map(
          ([serial, state, tbs, der]) =>
            `insert into certificates (serial, issuer, binding, state, tbs, tbs_digest, not_before, not_after, fingerprint, der) values ('${serial}', 'northfield', 'b1', '${state}', ${tbs}, '${AT}', '${LATER}', ${der});`,
        )
        .join('\n')}
      update certificates set revoked_at = '${LATER}', reason = 'superseded' where serial = '02';
      drop table places; drop table device_feed; drop table handed; drop index sites_id; alter table sites drop column closed_at;
      delete from migrations where n in (42, 53)`;
  };

  async function keeps(open: () => Promise<Database>, older: () => Promise<unknown>): Promise<void> {
    const first = await open();
    const kept = record('r1', 7, { payload: SKIP, udid: null, binding: 'b1', approvedBy: 'sam' });
    const was = { ...kept, digest: 'd1', header: { ...kept.header, typ: 'skip+jws' as const } };
    await keep(first.stores, was);
    for (const [n, typ] of TYPES.entries()) await keep(first.stores, decided(n, typ));
    await first.close();
    await older();
    const { stores, close } = await open();
    expect(await stores.records.record('r1')).toEqual(was);
    expect(await stores.queue.pending(10)).toEqual([was]);
    expect(await stores.phones.skipped('k')).toEqual([5]);
    for (const [n, typ] of TYPES.entries())
      expect(await stores.records.record(`t${n}`)).toEqual(decided(n, typ));
    expect((await stores.records.held('northfield', 10)).map(({ id }) => id)).toEqual(['t0']);
    expect(await stores.statements.issuedAt('s1')).toBe(AT);
    const open42 = await stores.intents.unfinished();
    expect(open42).toMatchObject([{ intent: { serial: '01', kind: 'tbs', digest: 'aa' }, binding: 'b1' }]);
    expect(Buffer.from(open42[0]?.intent.toBeSigned ?? '')).toEqual(Buffer.of(10));
    const certificates = await stores.certificates.ofBinding('b1');
    expect(certificates).toMatchObject([{ serial: '02', fingerprint: 'f2', notAfter: LATER }]);
    expect(Buffer.from(certificates[0]?.der ?? '')).toEqual(Buffer.of(12));
    const revoked = [{ serial: '02', at: LATER, reason: 'superseded' }];
    expect(await stores.certificateStates.revokedBy(issuerName('northfield'))).toEqual(revoked);
    await close();
  }

  it('stands in one afterwards, in SQLite', async () => {
    const data = folder();
    await keeps(
      () => openDatabase(data),
      async () => {
        const raw = new BetterSqlite(join(data, 'fieldbind.sqlite'));
        raw.exec(before42('SQLite'));
        raw.close();
      },
    );
  });

  it('stands in one afterwards, in PostgreSQL', async () => {
    const url = await postgres.database();
    await keeps(
      () => openDatabase('', url),
      () => query(url, before42('PostgreSQL')),
    );
    const options = await query(
      url,
      "select relname, reloptions from pg_class where relkind = 'r' and reloptions is not null order by relname",
    );
    expect(options).toEqual([
      { relname: 'bindings', reloptions: ['fillfactor=50'] },
      { relname: 'certificates', reloptions: ['toast_tuple_target=8160'] },
      { relname: 'envelopes', reloptions: ['toast_tuple_target=8160'] },
      { relname: 'intents', reloptions: ['toast_tuple_target=8160'] },
      { relname: 'records', reloptions: ['fillfactor=50'] },
    ]);
  });
});
