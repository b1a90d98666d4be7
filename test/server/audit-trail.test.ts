import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import BetterSqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, openInstallation } from '../../server/installation.ts';
import type { AuditEntry } from '../../server/ports/audit-log.ts';
import { START } from '../../server/store/migrations/0001-start.ts';
import { audit, chainStart, FIRST_WRITER, nextEntry } from '../../server/trail/chain.ts';
import { fileLines } from '../../server/trail/file-lines.ts';
import { trailLines } from '../../server/trail/lines.ts';
import { rootOf, treeHash } from '../../server/trail/merkle.ts';
import { sealTrail } from '../../server/trail/seal-trail.ts';
import { STEPS } from '../../server/trail/steps.ts';
import { type TrailVerdict, verifyAudit, verifyTrail } from '../../server/trail/verify-trail.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { brokenLines } from '../support/broken-lines.ts';
import { databaseOf } from '../support/database.ts';
import { fieldbind } from '../support/server.ts';

const AT = '2026-01-01T00:00:00.000Z';
let data: string;
let databaseUrl: string | undefined;
let now = Date.parse(AT);
let processes: Installation[];
/** The exported trail: three writers, two seals, and entries after the last of them. */
let lines: readonly string[];

async function open(): Promise<Installation> {
  const clock = { now: () => now };
  return openInstallation({ data, databaseUrl, publicUrl: 'http://x', suffix: 'x.internal', clock });
}

async function note({ transact }: Installation, ...subjects: readonly string[]): Promise<void> {
  const event = { at: AT, step: STEPS.live, event: 'noted', actor: 'test', org: null };
  await transact(async (tx) => {
    for (const subject of subjects) await audit(tx.audit, { ...event, subject });
  });
}

async function exported(from: Installation): Promise<string[]> {
  const out: string[] = [];
  for await (const line of trailLines(from)) out.push(line);
  return out;
}

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-trail-'));
  databaseUrl = await databaseOf(data);
  processes = [await open(), await open(), await open()];
  const [one, two, three] = processes as [Installation, Installation, Installation];
  await note(one, 'a', 'b');
  await note(two, 'c');
  expect(await sealTrail(one)).toBe(1);
  await note(one, 'd');
  await note(two, 'e', 'f');
  await note(three, 'g');
  await note(three, 'h');
  expect(await sealTrail(one)).toBe(1);
  await note(two, 'i');
  lines = await exported(one);
});
afterAll(async () => {
  for (const one of processes) await one.close();
  rmSync(data, { recursive: true, force: true });
});

async function* each(given: readonly string[]): AsyncGenerator<string> {
  yield* given;
}
const verify = (given: readonly string[]): Promise<TrailVerdict> => verifyTrail(each(given), nodeCrypto);

describe('a trail of several writers', () => {
  it('hangs together, sealed and whole', async () => {
    // Each process has its own chain; the first made the statement key, which stands on its own.
    expect(await verify(lines)).toMatchObject({ ok: true, entries: 10, writers: 3, seals: 2, unsealed: 1 });
    const entries = lines.flatMap((line) => (JSON.parse(line) as { entry?: AuditEntry }).entry ?? []);
    expect(new Set(entries.map(({ writer }) => writer))).toEqual(
      new Set(processes.map(({ writer }) => writer)),
    );
  });

  it('shows any line changed, taken out, put twice or moved', async () => {
    const broken = brokenLines(lines);
    await fc.assert(
      fc.asyncProperty(broken, async (changed) => {
        fc.pre(!sameTrail(changed));
        expect(await verify(changed)).toMatchObject({ ok: false, where: expect.any(String) });
      }),
      { numRuns: 1500 },
    );
  });

  it('shows a chain cut off below a seal, though all that is left was counted anew', async () => {
    for (const { writer } of processes) {
      const cut = lines.filter(
        (line) => !(JSON.parse(line) as { entry?: AuditEntry }).entry?.writer.startsWith(writer),
      );
      expect(await verify(recounted(cut))).toMatchObject({ ok: false, where: `entry 1 of chain ${writer}` });
    }
    const last = lines.findLastIndex((line) => line.includes(`"subject":"f"`));
    const tail = lines.filter((line, index) => index !== last && !line.includes(`"subject":"i"`));
    const verdict = await verify(recounted(tail));
    expect(verdict).toMatchObject({ ok: false, why: expect.stringContaining('cut off: seal 2') });
  });

  it('shows a chain that was written anew, hashes and all', async () => {
    let head = chainStart('');
    const forged = lines.map((line) => {
      const { entry } = JSON.parse(line) as { entry?: AuditEntry };
      if (entry === undefined) return line;
      if (head.writer !== entry.writer) head = chainStart(entry.writer);
      const { writer: _w, n: _n, prev: _p, hash: _h, salt, ...facts } = entry;
      const made = nextEntry(head, { ...facts, subject: facts.subject === 'a' ? 'x' : facts.subject }, salt);
      head = made;
      return JSON.stringify({ entry: made });
    });
    expect(await verify(forged)).toMatchObject({
      ok: false,
      why: expect.stringMatching(/^seal \d was made over/),
    });
  });

  it('is checked from its file alone, by the command line', async () => {
    const file = join(data, 'trail.ndjson');
    const written = await fieldbind(data, ['audit', 'export', '--to', file], databaseUrl);
    expect(written).toMatchObject({ code: 0, out: expect.stringContaining('lines written') });
    expect((await fieldbind(data, ['audit', 'verify'], databaseUrl)).out).toContain('all in place');
    // A folder that holds nothing, and no database to be had.
    const nowhere = join(data, 'nowhere');
    const away = 'postgres://127.0.0.1:1/none';
    const told = await verifyTrail(fileLines(file), nodeCrypto);
    const said = await fieldbind(nowhere, ['audit', 'verify', file, '--key', 'other'], away);
    expect(said).toMatchObject({ code: 1, out: expect.stringContaining('all in place') });
    expect(said.out).toContain('not the trail of that installation');
    expect(said.out).toContain(`first statement key ${told.ok ? told.key : ''}`);
    // Before its first seal nothing in a trail is wrong, and nothing says that it is all.
    const young = join(data, 'young');
    expect(await fieldbind(young, ['org', 'create', 'west', '--title', 'West'])).toMatchObject({ code: 0 });
    expect(await fieldbind(young, ['audit', 'verify'])).toMatchObject({
      code: 3,
      out: expect.stringContaining('nothing is sealed yet'),
    });
    writeFileSync(file, readFileSync(file, 'utf8').replace('"subject":"b"', '"subject":"z"'));
    const changed = await fieldbind(nowhere, ['audit', 'verify', file], away);
    expect(changed).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^entry \d+ of chain \S+: it was changed/),
    });
  });

  it('is sealed by one process at a time, and by another when that one is gone', async () => {
    const [one, two] = processes as [Installation, Installation];
    await note(two, 'j');
    expect(await sealTrail(two)).toBe(0);
    now += 10 * 60_000;
    expect(await sealTrail(two)).toBe(1);
    await note(one, 'k');
    expect(await sealTrail(one)).toBe(0);
    now += 10 * 60_000;
    expect(await sealTrail(one)).toBe(1);
    // Though two may believe that it is theirs, a number is given once.
    const [seal] = await one.stores.audit.sealsAfter(0, 1);
    if (seal === undefined) throw new Error('nothing was sealed');
    expect(await two.transact(({ audit: log }) => log.keepSeal(seal, AT))).toBe(false);
    expect(await verify(await exported(one))).toMatchObject({ ok: true, seals: 4, unsealed: 0 });
  });
});

describe('seals taken out of the database', () => {
  /** A trail with two seals in a file of its own, after something was done to it. */
  async function verdictAfter(sql: string): Promise<{ code: number; out: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'fieldbind-seals-'));
    const options = { data: folder, publicUrl: 'http://x', suffix: 'x.internal' };
    const one = await openInstallation(options);
    await note(one, 'a');
    await sealTrail(one);
    await note(one, 'b');
    await sealTrail(one);
    await note(one, 'c');
    await one.close();
    const raw = new BetterSqlite(join(folder, 'fieldbind.sqlite'));
    raw.exec(sql);
    raw.close();
    const said = await fieldbind(folder, ['audit', 'verify'], '');
    rmSync(folder, { recursive: true });
    return said;
  }

  it.each([
    ['all of them', 'delete from audit_seals'],
    ['the newest', 'delete from audit_seals where n = 2'],
    [
      'all of them with every entry but the first',
      `delete from audit_seals; delete from audit where n > 1;
       update audit_heads set n = 1, hash = (select hash from audit)`,
    ],
    [
      'the newest, with the entries after it',
      'delete from audit_seals where n = 2; delete from audit where n > 2',
    ],
  ])('%s are missed', async (_, sql) => {
    expect(await verdictAfter(sql)).toMatchObject({
      code: 1,
      out: expect.stringContaining('a seal is missing'),
    });
  });

  it('are not missed where there are none yet, and what came after the last is no fault', async () => {
    expect(await verdictAfter('select 1')).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 seals'),
    });
    const fresh = join(data, 'fresh');
    expect((await fieldbind(fresh, ['org', 'create', 'northfield', '--title', 'Northfield'], '')).code).toBe(
      0,
    );
    expect(await fieldbind(fresh, ['audit', 'verify'], '')).toMatchObject({
      code: 3,
      out: expect.stringContaining('nothing is sealed yet'),
    });
  });
});

/** With an end that counts what is there, as a forger would write it. */
function recounted(given: readonly string[]): string[] {
  const count = (kind: string) => given.filter((line) => line.startsWith(`{"${kind}"`)).length;
  return [...given.slice(0, -1), JSON.stringify({ end: { seals: count('seal'), entries: count('entry') } })];
}

/** Where only the spelling differs, or lines of different chains changed places, the trail is the same. */
function sameTrail(changed: readonly string[]): boolean {
  try {
    return isDeepStrictEqual(parts(changed), parts(lines));
  } catch {
    return false;
  }
}

function parts(given: readonly string[]): Map<string, unknown[]> {
  const read = given.map((line) => JSON.parse(line) as { entry?: AuditEntry });
  return Map.groupBy(read, ({ entry }) => entry?.writer ?? '');
}

describe('the one chain of before', () => {
  it('goes on being verified, as the chain of the first writer, and is sealed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldbind-chain-'));
    const options = { data: folder, publicUrl: 'http://x', suffix: 'x.internal' };
    await (await openInstallation(options)).close();
    const raw = new BetterSqlite(join(folder, 'fieldbind.sqlite'));
    const old = START.find((statement) => statement.startsWith('create table audit')) ?? '';
    for (const table of ['audit', 'audit_heads', 'audit_seals', 'leases']) raw.exec(`drop table ${table}`);
    raw.exec(`delete from migrations where n in (23, 48); ${old}`);
    const insert = raw.prepare('insert into audit values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    let head = chainStart(FIRST_WRITER);
    for (const subject of ['a', 'b', 'c']) {
      const entry = nextEntry(head, {
        at: AT,
        step: STEPS.live,
        event: 'noted',
        actor: 'x',
        org: null,
        subject,
        detail: '',
      });
      const { n, at, step, event, actor, org, detail, prev, hash } = entry;
      insert.run(n, at, step, event, actor, org, subject, detail, prev, hash);
      head = entry;
    }
    raw.close();
    const later = await openInstallation(options);
    await note(later, 'd');
    expect(await sealTrail(later)).toBe(1);
    const whole = { ok: true, entries: 4, writers: 2, seals: 1, unsealed: 0 };
    expect(await verifyAudit(later)).toMatchObject(whole);
    await later.close();
    rmSync(folder, { recursive: true });
  });
});

describe('tree hash', () => {
  it('is that of RFC 9162: leaves and nodes apart, split at a power of two', () => {
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    // Known answers of certificate-transparency implementations: empty tree; one empty leaf.
    expect(hex(treeHash([]))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hex(treeHash([new Uint8Array()]))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    const leaves = [[], [0], [16], [32, 33]].map((bytes) => Uint8Array.from(bytes));
    const pair = (from: number) => treeHash(leaves.slice(from, from + 2));
    expect(hex(treeHash(leaves.slice(0, 2)))).toBe(
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    );
    expect(treeHash(leaves)).not.toEqual(treeHash([pair(0), pair(2)]));
    const three = leaves.slice(0, 3);
    expect(treeHash(three)).not.toEqual(treeHash([...three].reverse()));
  });

  it('names every writer, number and hash', () => {
    const head = chainStart(FIRST_WRITER);
    const root = rootOf([head]);
    for (const other of [
      { ...head, n: 1 },
      { ...head, writer: 'other' },
      { ...head, hash: 'f'.repeat(64) },
    ])
      expect(rootOf([other])).not.toBe(root);
  });
});
