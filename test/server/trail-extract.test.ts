import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, openInstallation } from '../../server/installation.ts';
import { audit, chainStart, factsDigest, nextEntry } from '../../server/trail/chain.ts';
import { endStatementKey } from '../../server/trail/end-statement-key.ts';
import { extractLines, type Scope } from '../../server/trail/extract-lines.ts';
import { sealTrail } from '../../server/trail/seal-trail.ts';
import { STEPS } from '../../server/trail/steps.ts';
import { verifyExtract } from '../../server/trail/verify-extract.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { brokenLines } from '../support/broken-lines.ts';
import { databaseOf } from '../support/database.ts';
import { fieldbind, OAK_STREET, startTestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';

const AT = '2026-01-01T00:00:00.000Z';
const DEVICE = { maker: 'acme', udid: 'acme-1' };
const ABOUT: Scope = { org: null, device: DEVICE, subjects: ['acme-1', 'acme acme-1', 'record-1'] };
const NORTH: Scope = { org: 'north', device: null, subjects: [] };

let data: string;
let one: Installation;
let two: Installation;
let lines: readonly string[];

async function note(to: Installation, ...said: readonly (readonly [string, string | null])[]): Promise<void> {
  const event = { at: AT, step: STEPS.live, event: 'noted', actor: 'sam', detail: 'a secret of others' };
  await to.transact(async (tx) => {
    for (const [subject, org] of said) await audit(tx.audit, { ...event, subject, org });
  });
}

async function extracted(scope: Scope, from = one): Promise<string[]> {
  const out: string[] = [];
  for await (const line of extractLines(scope, from)) out.push(line);
  return out;
}

async function* each(given: readonly string[]): AsyncGenerator<string> {
  yield* given;
}
const verify = (given: readonly string[]) => verifyExtract(each(given), nodeCrypto);

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-extract-'));
  const databaseUrl = await databaseOf(data);
  const open = () => openInstallation({ data, databaseUrl, publicUrl: 'http://x', suffix: 'x.internal' });
  [one, two] = [await open(), await open()];
  await note(one, ['other', 'south'], ['record-1', 'north'], ['other', 'south']);
  await note(two, ['other', 'south']);
  await sealTrail(one);
  await note(two, ['other', 'south'], ['acme-1', 'north']);
  await note(one, ['unrelated', 'south']);
  await sealTrail(one);
  await note(one, ['unrelated', 'south']);
  await sealTrail(one);
  await note(one, ['acme acme-1', 'south'], ['acme-10', 'north']);
  lines = await extracted(ABOUT);
});
afterAll(async () => {
  await one.close();
  await two.close();
  rmSync(data, { recursive: true, force: true });
});

describe('an extract of the trail', () => {
  it('about a device shows its entries in their places, and of the others nothing', async () => {
    expect(await verify(lines)).toMatchObject({
      ok: true,
      scope: { org: null, device: DEVICE },
      entries: 3,
      loose: 0,
      key: expect.any(String),
    });
    for (const foreign of ['unrelated', '"other"', 'acme-10']) expect(lines.join()).not.toContain(foreign);
    // Stretches between seals in which nothing is about it are left out altogether.
    const whole = (await one.stores.audit.after(undefined, 1000)).length;
    const hidden = lines.filter((line) => line.startsWith('{"hidden"')).length;
    expect(hidden).toBeLessThan(whole - 3 - 1);
  });

  it('of an organisation, or of a device there, shows that alone', async () => {
    expect(await verify(await extracted(NORTH))).toMatchObject({ ok: true, entries: 3 });
    expect(await verify(await extracted({ ...ABOUT, org: 'north' }))).toMatchObject({ ok: true, entries: 2 });
    expect(await verify(await extracted({ ...NORTH, org: 'nowhere' }))).toMatchObject({
      ok: true,
      entries: 0,
    });
  });

  it('shows any line changed, taken out, put twice or moved', async () => {
    const broken = brokenLines(lines);
    const content = (given: readonly string[]) =>
      given.filter((line) => /^\{"(?:entry|hidden|loose)"/.test(line));
    await fc.assert(
      fc.asyncProperty(broken, async (changed) => {
        // A seal may stand twice or elsewhere, and spelling may differ; what is shown may not.
        if (!(await verify(changed)).ok) return;
        const parts = (given: readonly string[]) => content(given).map((line) => JSON.parse(line) as unknown);
        expect(parts(changed)).toEqual(parts(lines));
      }),
      { numRuns: 1000 },
    );
  });

  it('with an entry of its own left out, or hidden, is found out', async () => {
    const at = lines.findIndex((line) => line.startsWith('{"entry"'));
    expect(await verify(lines.filter((_, index) => index !== at))).toMatchObject({ ok: false });
    const { entry } = JSON.parse(lines[at] ?? '') as {
      entry: Parameters<typeof nextEntry>[1] & { n: number; writer: string; salt: string };
    };
    const hidden = JSON.stringify({
      hidden: { writer: entry.writer, n: entry.n, facts: factsDigest(entry) },
    });
    // The chain still holds: only the installation's word tells that something is missing.
    expect(await verify(lines.map((line, index) => (index === at ? hidden : line)))).toMatchObject({
      ok: false,
      where: 'the word of the installation',
      why: expect.stringContaining('counts 3'),
    });
  });

  it('is no longer believed by the word of a key that has ended, and made anew is', async () => {
    const [key] = await two.stores.statements.keys();
    const made = await extracted(ABOUT);
    expect(
      await endStatementKey(key?.kid ?? '', { by: 'command line (sam)', because: 'stolen' }, two),
    ).toMatchObject({
      ok: true,
    });
    const ends = (await two.stores.statements.ends()).map(({ jws }) => JSON.stringify({ ended: jws }));
    const keys = (await two.stores.statements.keys()).map(({ jws }) => JSON.stringify({ key: jws }));
    const told = [
      made[0] ?? '',
      ...keys,
      ...ends,
      ...made.filter((line) => !/^\{"(?:extract|key)"/.test(line)),
    ];
    expect(await verify(told)).toMatchObject({ ok: false, where: 'the word of the installation' });
    // What the ended key sealed before the end still counts.
    expect(await verify(await extracted(ABOUT))).toMatchObject({ ok: true, entries: 3 });
  });

  it('hides facts so that they cannot be guessed: the same ones have another digest each time', async () => {
    const all = (await extracted(NORTH)).filter((line) => line.startsWith('{"hidden"'));
    const facts = all.map((line) => (JSON.parse(line) as { hidden: { facts: string } }).hidden.facts);
    expect(new Set(facts).size).toBe(facts.length);
  });
});

describe('entries of an older version', () => {
  it('go on being verified in the whole trail; in an extract they stand on the installation’s word, which says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldbind-extract-'));
    const options = { data: folder, publicUrl: 'http://x', suffix: 'x.internal' };
    const before = await openInstallation(options);
    await note(before, ['acme-1', 'north'], ['other', 'south']);
    await before.close();
    const raw = new BetterSqlite(join(folder, 'fieldbind.sqlite'));
    const rows = raw.prepare('select * from audit order by n').all() as ReturnType<typeof nextEntry>[];
    let head = chainStart(rows[0]?.writer ?? '');
    for (const row of rows) {
      const { at, step, event, actor, org, subject, detail } = row;
      const entry = nextEntry(head, { at, step, event, actor, org, subject, detail });
      raw
        .prepare("update audit set salt = '', prev = ?, hash = ? where n = ?")
        .run(entry.prev, entry.hash, entry.n);
      head = entry;
    }
    raw.prepare('update audit_heads set hash = ?').run(head.hash);
    raw.close();
    const later = await openInstallation(options);
    await sealTrail(later);
    await note(later, ['other', 'south'], ['acme-1', 'north']);
    const out = await extracted(ABOUT, later);
    expect(await verify(out)).toMatchObject({ ok: true, entries: 2, loose: 1 });
    const at = out.findIndex((line) => line.startsWith('{"loose"'));
    expect(await verify(out.filter((_, index) => index !== at))).toMatchObject({ ok: false });
    expect(await verify(out.map((line) => line.replace('"actor":"sam"', '"actor":"eve"')))).toMatchObject({
      ok: false,
    });
    await later.close();
    expect((await fieldbind(folder, ['audit', 'verify'], '')).code).toBe(0);
    rmSync(folder, { recursive: true });
  });
});

describe('on the command line', () => {
  it('a stranger verifies one with the file alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldbind-extract-'));
    const at = (name: string) => join(folder, name);
    const server = await startTestServer();
    const ines = await server.signIn('ines');
    const device = await server.listedDevice();
    const registration = registrationOf(device, OAK_STREET);
    await ines.submit('registration+jws', registration, 'northfield');
    const other = await server.listedDevice();
    await ines.submit('registration+jws', registrationOf(other, OAK_STREET), 'northfield');
    const words = ['audit', 'export', '--device', device.udid, '--maker', device.maker, '--to', at('device')];
    expect(await server.fieldbind(...words)).toMatchObject({ code: 0 });
    expect(await server.fieldbind('audit', 'export', '--org', 'northfield', '--to', at('org'))).toMatchObject(
      { code: 0 },
    );
    for (const wrong of [
      ['--org', 'nowhere'],
      ['--device', 'A'],
      ['--device', device.udid],
    ])
      expect(await server.fieldbind('audit', 'export', '--to', at('x'), ...wrong)).toMatchObject({ code: 2 });
    await server.close();

    const alone = (file: string, ...more: string[]) =>
      fieldbind(at('nowhere'), ['audit', 'verify', file, ...more], 'postgres://127.0.0.1:1/none');
    const said = await alone(at('device'));
    expect(said).toMatchObject({
      code: 0,
      out: expect.stringContaining(`entries about acme ${device.udid}`),
    });
    const text = readFileSync(at('device'), 'utf8');
    expect(text).toContain(registration.id);
    expect(text).not.toContain(other.udid);
    const [, key = ''] = /first statement key (\S+)/.exec(said.out) ?? [];
    expect((await alone(at('device'), '--key', key)).code).toBe(0);
    expect((await alone(at('device'), '--key', 'A'.repeat(43))).code).toBe(1);
    expect(await alone(at('org'))).toMatchObject({
      code: 0,
      out: expect.stringContaining('about northfield'),
    });
    writeFileSync(at('device'), text.replace('"actor":"ines"', '"actor":"hanna"'));
    expect(await alone(at('device'))).toMatchObject({
      code: 1,
      out: expect.stringContaining('it was changed'),
    });
    rmSync(folder, { recursive: true });
  });
});
