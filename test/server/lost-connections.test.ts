import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../server/ports/stores.ts';
import { Unavailable } from '../../server/ports/unavailable.ts';
import { openDatabase } from '../../server/store/open.ts';
import { postgres as postgresEngine } from '../../server/store/postgres.ts';
import { fuzzed } from '../support/fuzzing.ts';
import { query, startPostgres, type TestPostgres } from '../support/postgres.ts';
import {
  Console,
  IN_ABORTED_TRANSACTION,
  IN_TRANSACTION,
  until,
  WAITS_FOR_LOCK,
  WAITS_FOR_STANDBY,
} from '../support/postgres-faults.ts';

let postgres: TestPostgres;
let folder: string;
let url: string;
let db: Database;
let desk: Console;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.remove());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-lost-'));
  url = await postgres.database();
  db = await openDatabase(folder, url);
  desk = new Console(url);
});
afterEach(async () => {
  await desk.standbyMissing(false);
  await desk.readOnly(false);
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

const settle = (name: string) => db.transact(({ settings }) => settings.settle(name, name));
const outageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Unavailable ? error.outage : String(error)),
  );

/** Every connection of the pool is used at once, so none that is not good stays unseen. */
async function expectWell(): Promise<void> {
  const reads = await Promise.all(
    Array.from({ length: 40 }, () => outageOf(db.stores.settings.setting('x'))),
  );
  expect(new Set(reads)).toEqual(new Set(['done']));
  const writes = await Promise.all(Array.from({ length: 16 }, (_, n) => outageOf(settle(`well-${n}`))));
  expect(new Set(writes)).toEqual(new Set(['done']));
  expect(await desk.count(IN_ABORTED_TRANSACTION)).toBe(0);
  await until(url, `${desk.ours(IN_TRANSACTION)} = 0`);
}

/** Pids of our connections, to see which are used again. */
async function pids(): Promise<Set<unknown>> {
  const rows = await query(
    url,
    `select pid from pg_stat_activity where application_name = 'fieldbind' and datname = current_database()`,
  );
  return new Set(rows.map(({ pid }) => pid));
}

it.each(['transact', 'inGroup'] as const)(
  'throws a connection away whose begin was cancelled, of %s',
  async (kind) => {
    const release = await desk.holdTurn();
    const waiting = outageOf(db[kind](async () => undefined));
    await desk.end('cancel', WAITS_FOR_LOCK);
    expect(await waiting).toBe('database_busy');
    await release();
    await expectWell();
  },
);

it.each(['transact', 'inGroup'] as const)(
  'begins %s again on another connection when its own ended while it began',
  async (kind) => {
    const release = await desk.holdTurn();
    let runs = 0;
    const waiting = outageOf(
      db[kind](async () => {
        runs++;
      }),
    );
    await desk.end('terminate', WAITS_FOR_LOCK);
    await until(url, `${desk.ours(WAITS_FOR_LOCK)} > 0`);
    await release();
    expect(await waiting).toBe('done');
    expect(runs).toBe(1);
    await expectWell();
  },
);

it('does the work again on another connection when its own ended in the middle, and keeps it once', async () => {
  const session = { hash: 'h', operator: 'ines', expiresAt: '2030-01-01T00:00:00.000Z' };
  let runs = 0;
  await db.transact(async ({ settings, sessions }) => {
    runs++;
    await sessions.create(session);
    if (runs === 1) await desk.end('terminate', IN_TRANSACTION);
    await settings.settle('a', 'b');
  });
  expect(runs).toBe(2);
  expect(await db.stores.sessions.find('h')).toMatchObject(session);
  await expectWell();
});

it('gives up after some tries, when each of its connections ends', async () => {
  let runs = 0;
  const work = db.transact(async ({ settings }) => {
    runs++;
    await desk.end('terminate', IN_TRANSACTION);
    await settings.settle('a', 'b');
  });
  expect(await outageOf(work)).toBe('database_away');
  expect(runs).toBe(4);
  await expectWell();
});

it('goes over to new connections at once when the old ones may only read, and theirs alone', async () => {
  // All eight are open, and idle.
  await expectWell();
  const before = await pids();
  await desk.readOnly(true);
  expect(await outageOf(settle('while-read-only'))).toBe('database_read_only');
  expect(await outageOf(db.stores.settings.setting('x'))).toBe('done');
  expect(await outageOf(db.tryWrite())).toBe('database_read_only');
  await desk.readOnly(false);
  await expectWell();
  expect([...(await pids())].some((pid) => before.has(pid))).toBe(false);
});

it('takes a commit whose wait for its standby was cancelled for no success', async () => {
  await desk.standbyMissing(true);
  const before = await pids();
  const work = outageOf(settle('a'));
  await desk.end('cancel', WAITS_FOR_STANDBY);
  expect(await work).toBe('outcome_unknown');
  await desk.standbyMissing(false);
  await expectWell();
  expect([...(await pids())].some((pid) => before.has(pid))).toBe(false);
  // It is there after all, which is why nobody may be told the contrary either.
  expect(await db.stores.settings.setting('a')).toBe('a');
});

it('sees that warning although the server is set to send none, and in a statement that is its own transaction', async () => {
  await db.close();
  const name = /^postgres:\/\/\/([^?]+)/.exec(url)?.[1];
  await query(url, `alter database ${name} set client_min_messages = error`);
  await query(url, `alter database ${name} set synchronous_commit = off`);
  db = await openDatabase(folder, url);
  await desk.standbyMissing(true);
  for (const write of [() => settle('a'), () => db.tryWrite()]) {
    const work = outageOf(write());
    await desk.end('cancel', WAITS_FOR_STANDBY);
    expect(await work).toBe('outcome_unknown');
  }
});

it('does not know what became of a commit whose connection ended', async () => {
  await desk.standbyMissing(true);
  const work = outageOf(settle('a'));
  await desk.end('terminate', WAITS_FOR_STANDBY);
  expect(await work).toBe('outcome_unknown');
  await desk.standbyMissing(false);
  await expectWell();
});

it('lets no time limit end a commit that waits for its standby', async () => {
  await db.close();
  db = await openDatabase(folder, `${url}&statement_timeout=300`);
  await desk.standbyMissing(true);
  const work = outageOf(settle('a'));
  await until(url, `${desk.ours(`${WAITS_FOR_STANDBY} and now() - query_start > interval '1 second'`)} > 0`);
  await desk.standbyMissing(false);
  expect(await work).toBe('done');
  await expectWell();
});

it('does not take the answer ROLLBACK to a commit for success', async () => {
  const session = { hash: 'h', operator: 'ines', expiresAt: '2030-01-01T00:00:00.000Z' };
  const work = db.transact(async ({ settings, sessions }) => {
    await settings.settle('a', 'b');
    await sessions.create(session);
    // Somebody who catches an error of the database goes on in a transaction that has failed.
    await sessions.create(session).catch(() => undefined);
  });
  await expect(work).rejects.toThrow();
  expect(await db.stores.settings.setting('a')).toBeUndefined();
  await expectWell();
});

it('waits for no answer for ever, of a statement or of a commit', async () => {
  const told: string[] = [];
  const engine = postgresEngine(
    url,
    { failed: ({ outage }) => told.push(outage) },
    { statement: 200, commit: 200 },
  );
  const write = () =>
    engine.db
      .transaction()
      .execute((trx) => sql`insert into settings (name, value) values ('a', 'b')`.execute(trx));
  const release = await desk.holdTurn();
  expect(await outageOf(write())).toBe('database_busy');
  await release();
  await desk.standbyMissing(true);
  expect(await outageOf(write())).toBe('outcome_unknown');
  await desk.standbyMissing(false);
  // Both of its connections are gone here; over there they end when they come to it.
  await until(url, `${desk.ours(IN_TRANSACTION)} = 0`);
  expect(told).toContain('outcome_unknown');
  await engine.db.destroy();
});

it('is well after any sequence of faults, and has all that it said was kept', async () => {
  const fault = fc.constantFrom('cancel', 'terminate', 'read only', 'standby', 'stop');
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { minLength: 1, maxLength: 4 }), fc.nat(1e9), async (faults, salt) => {
      let over = false;
      let n = 0;
      const kept: string[] = [];
      const writers = Array.from({ length: 6 }, async () => {
        while (!over) {
          const name = `n-${salt}-${n++}`;
          if ((await outageOf(settle(name))) === 'done') kept.push(name);
        }
      });
      for (const one of faults) {
        if (one === 'cancel' || one === 'terminate') await desk.end(one, `state <> 'idle'`);
        if (one === 'read only') {
          await desk.readOnly(true);
          await desk.readOnly(false);
        }
        if (one === 'standby') {
          await desk.standbyMissing(true);
          await desk.end('cancel', WAITS_FOR_STANDBY);
          await desk.standbyMissing(false);
        }
        if (one === 'stop') {
          await postgres.stop();
          await postgres.start();
        }
      }
      over = true;
      await Promise.all(writers);
      await expectWell();
      const there = new Set((await query(url, 'select name from settings')).map(({ name }) => name));
      expect(kept.filter((name) => !there.has(name))).toEqual([]);
    }),
    fuzzed(100),
  );
});
