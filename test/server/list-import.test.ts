import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBase64 } from '../../core/bytes.ts';
import { listCsv } from '../../core/list-csv.ts';
import { handOn } from '../../server/organisations/lists/hand-on.ts';
import { pages } from '../../server/organisations/lists/list-pages.ts';
import { staleRows } from '../../server/organisations/lists/stale-rows.ts';
import type { AuditEntry } from '../../server/ports/audit-log.ts';
import { CLI } from '../support/command-process.ts';
import { openssl } from '../support/csr.ts';
import { databaseOf } from '../support/database.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-lists-'));
  server = await startTestServer();
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const list = (verb: string, ...words: readonly string[]) =>
  server.fieldbind('list', verb, ...words, '--org', 'northfield', '--by', 'sam');
const named = (udid: string) => server.running.installation.stores.list.byUdid('real', udid);

/** Rows of makers of their own, so that tests do not meet. */
function write(name: string, rows: Parameters<typeof listCsv>[0]): string {
  writeFileSync(at(name), listCsv(rows));
  return at(name);
}

describe('an import of many rows', () => {
  const ROWS = 20_000;
  const BAD = 17;

  /** Runs it in a process of its own and kills that at its first word of progress. */
  async function killed(file: string): Promise<void> {
    const env = {
      ...process.env,
      FIELDBIND_DATA: server.data,
      FIELDBIND_DATABASE_URL: (await databaseOf(server.data)) ?? '',
    };
    const words = ['list', 'import', file, '--org', 'northfield', '--rejected', at('rejected.csv')];
    const child = spawn(process.execPath, [CLI, ...words], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      child.once('exit', (_code, signal) => resolve(signal)),
    );
    for await (const line of createInterface(child.stderr)) {
      expect(line).toMatch(/^\d+ rows, \d+ %$/);
      child.kill('SIGKILL');
    }
    expect(await ended).toBe('SIGKILL');
  }

  it('goes on after a kill: nothing is missed, nothing doubled, bad rows named once', async () => {
    const { spki } = await makeDevice();
    const rows = Array.from({ length: ROWS }, (_, n) => {
      const key = Buffer.from(spki);
      key.writeUInt32BE(n, 40);
      return `many,many-${n % 1000 === BAD ? 'X' : n},key,${toBase64(key)}`;
    });
    writeFileSync(at('many.csv'), ['maker,udid,anchor,public_key', ...rows, ''].join('\n'));
    await killed(at('many.csv'));
    const { code, out } = await list('import', at('many.csv'), '--rejected', at('rejected.csv'));
    expect(code).toBe(1);
    expect(out).toMatch(/^went on after \d+000 rows$/m);
    const bad = ROWS / 1000;
    expect(out).toContain(`csv: ${ROWS - bad} imported, 0 unchanged, ${bad} with errors`);
    const { listBulk } = server.running.installation.stores;
    const kept: string[] = [];
    for await (const page of pages((after, limit) => listBulk.page('northfield', after, limit)))
      kept.push(...page.filter(({ row: { maker } }) => maker === 'many').map(({ row: { udid } }) => udid));
    expect(kept).toHaveLength(ROWS - bad);
    expect(new Set(kept).size).toBe(kept.length);
    const rejected = readFileSync(at('rejected.csv'), 'utf8').trim().split('\r\n');
    const lines = Array.from({ length: bad }, (_, n) => String(2 + n * 1000 + BAD));
    expect(rejected.slice(1).map((line) => line.split(',')[0])).toEqual(lines);
    const again = await list('import', at('many.csv'));
    expect(again.out).toContain(`csv: 0 imported, ${ROWS - bad} unchanged, ${bad} with errors`);
    expect(again.out).not.toContain('went on');
  });

  it('names a bounded number of bad rows', async () => {
    writeFileSync(at('bad.csv'), `serial\n${'\u0001,x\n'.repeat(300)}`);
    const { out } = await list('import', at('bad.csv'), '--maker', 'acme');
    expect(out.match(/^line /gm)).toHaveLength(100);
    expect(out).toContain('and 200 more');
  });

  it('is looked at first, which changes nothing, and ends where a file is no list any more', async () => {
    const device = await makeDevice({ maker: 'looked' });
    const file = write('look.csv', [rowOf(device)]);
    expect((await list('import', file, '--preview')).out).toContain('1 would be imported');
    expect(await named(device.udid)).toEqual([]);
    writeFileSync(at('broken.csv'), `maker,serial\nlooked,A1\nlooked,"B"1\n`);
    const broken = await list('import', at('broken.csv'));
    expect(broken).toMatchObject({ code: 1, out: expect.stringContaining('line 3: csv_malformed') });
    writeFileSync(at('what.csv'), 'colour\nred\n');
    expect((await list('import', at('what.csv'))).out).toContain('line 1: columns: unknown column "colour"');
  });
});

describe('a name that stands twice in one list', () => {
  it('is a fault where the second differs: the first stands, in the batch and behind it', async () => {
    const [first, second] = [await makeDevice({ maker: 'twice' }), await makeDevice({ maker: 'twice' })];
    const { udid } = first;
    const other = rowOf(second, { udid });
    const filling = Array.from({ length: 1000 }, (_, n) => {
      const { publicKey: _key, ...row } = rowOf(first, { udid: `twice-${n}`, anchor: 'udid-only' });
      return row;
    });
    const file = write('twice.csv', [rowOf(first), other, rowOf(first), ...filling, other, rowOf(first)]);
    const { code, out } = await list('import', file);
    expect(code).toBe(1);
    expect(out.match(/^line \d+: \w+/gm)).toEqual(['line 3: udid_repeated', 'line 1005: udid_repeated']);
    expect(out).toContain('1001 imported, 2 unchanged, 2 with errors');
    expect(await named(udid)).toMatchObject([{ publicKey: rowOf(first).publicKey }]);
    const rows = await server.importList('northfield', [other, rowOf(first)]);
    expect(rows).toMatchObject({ imported: 1, errors: [{ row: 2, code: 'udid_repeated' }] });
    // A list of its own that says otherwise replaces it.
    expect((await server.importList('northfield', [rowOf(first)])).imported).toBe(1);
  });
});

describe('a signed list', () => {
  const makerKey = (verb: string, ...words: string[]) =>
    server.fieldbind('maker-key', verb, ...words, '--org', 'northfield');

  function keyPair(name: string): void {
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', at(`${name}.key`));
    openssl('pkey', '-in', at(`${name}.key`), '-pubout', '-out', at(`${name}.pem`));
  }
  const sign = (name: string, file: string) =>
    openssl('dgst', '-sha256', '-sign', at(`${name}.key`), '-out', at(`${name}.sig`), file);

  it('is taken under the maker’s key only, once there is one, whole and unchanged', async () => {
    keyPair('signed');
    keyPair('stranger');
    const device = await makeDevice({ maker: 'signed' });
    const file = write('signed.csv', [rowOf(device), rowOf(await makeDevice({ maker: 'acme' }))]);
    sign('signed', file);
    sign('stranger', file);
    const by = (name: string) => list('import', file, '--signature', at(`${name}.sig`));
    expect((await by('signed')).out).toContain('signature_wrong');
    const added = await makerKey('add', at('signed.pem'), '--maker', 'signed', '--by', 'sam');
    expect(added.code).toBe(0);
    expect((await by('stranger')).out).toContain('signature_wrong');
    expect((await list('import', file)).out).toContain('line 2: signature_needed');
    expect(await named(device.udid)).toEqual([]);
    const { out } = await by('signed');
    expect(out).toContain('line 3: maker_differs');
    expect(out).toContain('1 imported');
    const digest = added.out.split(' ')[0] ?? '';
    const { listBulk } = server.running.installation.stores;
    expect(await listBulk.named('real', [device])).toMatchObject([{ signedBy: digest }]);
    writeFileSync(file, `${readFileSync(file, 'utf8')}signed,signed-more,udid-only,,,,\r\n`);
    expect((await by('signed')).out).toContain('signature_wrong');
    expect((await makerKey('list')).out).toContain(digest);
    expect((await makerKey('end', digest, '--by', 'sam')).code).toBe(0);
    expect((await list('import', file)).out).toContain('2 imported');
  });

  it('is begun anew where it was begun without its signature, so that no row is passed over', async () => {
    keyPair('late');
    expect((await makerKey('add', at('late.pem'), '--maker', 'late', '--by', 'sam')).code).toBe(0);
    const rows = Array.from({ length: 1000 }, (_, n) => `late,late-${n},udid-only\n`);
    // It breaks off behind its first batch, which stands: as after a kill, it is not at its end.
    writeFileSync(at('late.csv'), ['maker,udid,anchor\n', ...rows, '"late"1,late-x,udid-only\n'].join(''));
    sign('late', at('late.csv'));
    const begun = await list('import', at('late.csv'));
    expect(begun.out).toContain('line 2: signature_needed');
    expect(begun.out).toContain('line 1002: csv_malformed');
    await list('import', at('late.csv'), '--signature', at('late.sig'));
    expect(await named('late-0')).toHaveLength(1);
    expect(await named('late-999')).toHaveLength(1);
  });

  it('ends a key by its digest, which may begin with a dash', async () => {
    let pem = '';
    let digest = '';
    while (!digest.startsWith('-')) {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const spki = publicKey.export({ type: 'spki', format: 'der' });
      digest = createHash('sha256').update(spki).digest('base64url');
      pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    }
    writeFileSync(at('dash.pem'), pem);
    const added = await makerKey('add', at('dash.pem'), '--maker', 'dash', '--by', 'sam');
    expect(added.out).toContain(`${digest} signs lists of dash`);
    expect(await makerKey('end', digest, '--by', 'sam')).toEqual({ code: 0, out: 'ended\n' });
  });

  it('asks for a strong public key, RSA or ECDSA, or a certificate of one', async () => {
    const add = (name: string) => makerKey('add', at(name), '--maker', 'strong', '--by', 'sam');
    openssl('genpkey', '-algorithm', 'ED25519', '-out', at('ed.key'));
    openssl('pkey', '-in', at('ed.key'), '-pubout', '-out', at('ed.pem'));
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      at('r.key'),
      '-subj',
      '/CN=m',
      '-out',
      at('r.pem'),
    );
    expect((await add('ed.pem')).code).toBe(2);
    expect((await add('signed.key')).code).toBe(2);
    expect((await add('r.pem')).code).toBe(0);
    const file = write('rsa.csv', [rowOf(await makeDevice({ maker: 'strong' }))]);
    sign('r', file);
    expect((await list('import', file, '--signature', at('r.sig'))).out).toContain('1 imported');
  });
});

/** The trail's lines of this event. */
async function trail(event: string): Promise<AuditEntry[]> {
  const { audit } = server.running.installation.stores;
  const found: AuditEntry[] = [];
  for (
    let page = await audit.after(undefined, 1000);
    page.length > 0;
    page = await audit.after(page.at(-1), 1000)
  )
    found.push(...page.filter((entry) => entry.event === event));
  return found;
}

/** The installation, with something else that gets in between each time, just before a transaction begins. */
function interrupted(by: () => Promise<unknown>): typeof server.running.installation {
  const { installation } = server.running;
  const transact: typeof installation.transact = async (work) => {
    await by();
    return installation.transact(work);
  };
  return { ...installation, transact };
}

describe('a list handed on', () => {
  it('names what each device was; one key binds once, and what was revoked stays so', async () => {
    const [one, two, three] = await Promise.all([
      makeDevice({ maker: 'nordic', udid: 'imei-352099001761481' }),
      makeDevice({ maker: 'nordic', udid: 'nordic-sn-2' }),
      makeDevice({ maker: 'nordic', udid: 'nordic-sn-3' }),
    ]);
    await server.importList('northfield', [
      rowOf(one, { order: 'on', aliases: ['352099001761481'] }),
      rowOf(two, { order: 'on' }),
      rowOf(three),
    ]);
    const copied = rowOf(one, { maker: 'box', udid: 'box-copied' });
    expect((await server.importList('northfield', [copied])).errors).toMatchObject([
      { code: 'key_repeated' },
    ]);
    const early = { ...copied, derivedFrom: { maker: 'nordic', udid: one.udid } };
    expect((await server.importList('hanna-home', [early])).errors).toMatchObject([
      { code: 'not_handed_on' },
    ]);

    const handed = await list('hand-on', '--to-maker', 'box', '--order', 'on');
    const file = at('handed.csv');
    writeFileSync(file, handed.out);
    const result = await server.fieldbind('list', 'import', file, '--org', 'hanna-home');
    expect(result.out).toContain('2 imported, 0 unchanged, 0 with errors');
    const [box] = await server.running.installation.stores.list.byKey('real', rowOf(two).publicKey ?? '');
    expect([box, ...(await named(one.udid))].map((row) => row?.maker).sort()).toEqual([
      'box',
      'nordic',
      'nordic',
    ]);
    const all = await server.running.installation.stores.list.byKey('real', rowOf(two).publicKey ?? '');
    const derived = all.find(({ maker }) => maker === 'box');
    expect(derived).toMatchObject({
      udid: expect.stringMatching(/^h-/),
      aliases: ['nordic-sn-2'],
      derivedFrom: { maker: 'nordic', udid: 'nordic-sn-2' },
    });

    // The phone could not tell the maker: the newest row is meant.
    const ines = await server.signIn('ines');
    const { maker: _, ...unnamed } = registrationOf(one, OAK_STREET);
    expect(await ines.submit('registration+jws', unnamed, 'northfield')).toMatchObject({
      outcome: 'held',
      code: 'transfer_case',
    });
    const hanna = await server.signIn('hanna');
    const { maker: _made, ...there } = registrationOf(one, HANNA);
    expect(await hanna.submit('registration+jws', there, 'hanna-home')).toMatchObject({ outcome: 'bound' });
    const { bindingHistory } = server.running.installation.stores;
    expect(await bindingHistory.ofUdid(one.udid)).toMatchObject([{ maker: 'box' }]);
    const former = await hanna.submit('registration+jws', registrationOf(one, HANNA), 'hanna-home');
    expect(former).toMatchObject({ outcome: 'refused', code: 'taken_same_org' });

    const revoked = ['--udid', two.udid, '--maker', 'nordic', '--reason', 'keyCompromise'];
    await server.fieldbind('revoke', ...revoked);
    const renamed = await makeDevice({ maker: 'box', udid: 'box-new', commonName: 'nordic-sn-2' });
    await server.importList('northfield', [
      rowOf(renamed, { aliases: ['nordic-sn-2'], derivedFrom: { maker: 'nordic', udid: 'nordic-sn-2' } }),
    ]);
    const again = await ines.submit('registration+jws', registrationOf(renamed, OAK_STREET), 'northfield');
    expect(again).toMatchObject({ outcome: 'refused', code: 'tombstoned' });
  });
});

describe('many rows that are marked', () => {
  const NO = new Error('no');
  const refuse = () => {
    throw NO;
  };
  const call = { org: 'hanna-home', by: 'sam' };

  it('are on the trail as far as they are marked, and none is put back that was imported meanwhile', async () => {
    const devices = [await makeDevice({ maker: 'paged' }), await makeDevice({ maker: 'paged' })];
    const rows = devices.map((device) => rowOf(device));
    await server.importList(call.org, rows);
    const { listBulk } = server.running.installation.stores;
    const kept = async () => {
      const found = await listBulk.named('real', rows);
      return devices.map(({ udid }) => found.find(({ row }) => row.udid === udid));
    };
    const newer = (model: string) => () =>
      server.importList(
        call.org,
        rows.slice(0, 1).map((row) => ({ ...row, model })),
      );
    const onward = { ...call, to: 'next', filter: { maker: 'paged' } };
    await expect(handOn({ ...onward, give: refuse }, interrupted(newer('A')))).rejects.toBe(NO);
    expect(await kept()).toMatchObject([{ row: { model: 'A' }, handedTo: 'next' }, { handedTo: 'next' }]);
    const handed = (await trail("maker's list handed on")).filter(({ org }) => org === call.org);
    expect(handed).toMatchObject([{ actor: 'sam', subject: '2 rows', detail: 'to next' }]);

    // After what was imported just now, which is not stale.
    const clock = { now: () => Date.now() + 1000 };
    const old = { ...call, days: 0, hold: true };
    const between = { ...interrupted(newer('B')), clock };
    await expect(staleRows({ ...old, tell: refuse }, between)).rejects.toBe(NO);
    expect(await kept()).toMatchObject([{ row: { model: 'B' } }, { row: { stale: true } }]);
    const held = (await trail('stale rows held')).filter(({ org }) => org === call.org);
    expect(held).toMatchObject([{ actor: 'sam', detail: 'older than 0 days' }]);
  });
});

it('says of which devices an import replaces the key, and which of them are bound', async () => {
  const [bound, free] = [await server.listedDevice(), await server.listedDevice()];
  const ines = await server.signIn('ines');
  await ines.submit('registration+jws', registrationOf(bound, OAK_STREET), 'northfield');
  const file = at('rekeyed.csv');
  const again = await Promise.all([bound, free].map(({ udid }) => makeDevice({ udid })));
  const rows = [...again.map((device) => rowOf(device)), rowOf(await makeDevice())];
  writeFileSync(file, listCsv(rows));
  const { out } = await list('import', file);
  expect(out).toContain(
    `acme/${bound.udid} has another key now, and the device is bound with the one before`,
  );
  expect(out).toContain(`acme/${free.udid} has another key now\n`);
  expect(out).toContain('3 imported, 0 unchanged, 0 with errors; 2 with another key than before');
});

describe('stale rows', () => {
  it('are listed, and held until they are imported again', async () => {
    const device = await server.listedDevice({ maker: 'dusty' });
    expect((await list('stale', '--older-than', '365')).out.trim()).toBe('0 rows');
    expect((await list('stale', '--older-than', '0', '--hold')).out).toContain(`dusty/${device.udid}`);
    const ines = await server.signIn('ines');
    expect((await ines.pack('northfield')).rows.find(({ udid }) => udid === device.udid)).not.toHaveProperty(
      'stale',
    );
    const submit = () => ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    expect(await submit()).toMatchObject({ outcome: 'held', code: 'row_stale' });
    await server.importList('northfield', [rowOf(device)]);
    expect(await submit()).toMatchObject({ outcome: 'bound' });
  });
});
