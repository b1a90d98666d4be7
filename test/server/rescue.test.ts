import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchResponse } from '../../contract/batch.ts';
import type { PublicJwk } from '../../contract/public-jwk.ts';
import { parseJws } from '../../core/jws.ts';
import { extendStatementKeys } from '../../core/statement.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { readRescueFile, rescueKeyOf, writeRescueFile } from '../../src/effects/rescue/rescue-file.ts';
import { fieldbind, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { trailOf } from '../support/trail.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => closeFaultless(server));

async function records(phone: TestOperator, count: number) {
  const made: { jws: string; digest: string }[] = [];
  for (let i = 0; i < count; i++)
    made.push(
      await phone.seal('registration+jws', registrationOf(await makeDevice(), OAK_STREET), 'northfield'),
    );
  return made;
}

/** The rescue key as a phone takes it: by the statement keys it has pinned. */
async function keyFor(phone: TestOperator): Promise<PublicJwk> {
  const { statementKeys } = await phone.enrol();
  const keys = await extendStatementKeys(new Map(), statementKeys, phone.session.aud, nodeCrypto);
  const { rescueKey } = (await phone.get('/api/rescue-key')).body as { rescueKey: string };
  const key = await rescueKeyOf(rescueKey, phone.session.aud, keys, nodeCrypto);
  expect(await rescueKeyOf(rescueKey, 'another:installation', keys, nodeCrypto)).toBeUndefined();
  if (key === undefined) throw new Error('no rescue key');
  return key;
}

describe('a rescue file', () => {
  it('carries records by a colleague, with receipts in the author’s name, and not twice', async () => {
    const ines = await server.signIn('ines');
    const made = await records(ines, 120);
    const file = await writeRescueFile(
      made.map(({ jws }) => jws),
      await keyFor(ines),
    );
    const parts = readRescueFile(file) ?? [];
    expect(parts.length).toBeGreaterThan(1);
    const hanna = await server.signIn('hanna');
    const results: BatchResponse['results'] = [];
    for (const part of parts) {
      const reply = await hanna.post('/api/rescue', { part });
      expect(reply.status).toBe(200);
      results.push(...(reply.body as BatchResponse).results);
    }
    expect(results.map(({ digest, status }) => [digest, status])).toEqual(
      made.map(({ digest }) => [digest, 'received']),
    );
    const own = await ines.send(made.slice(0, 50).map(({ jws }) => jws));
    expect(own.results.every(({ status }) => status === 'duplicate')).toBe(true);
  });

  it('is read by nobody else: a JWE that other programs open with the right key only', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256' });
    const { x = '', y = '' } = await exportJWK(publicKey);
    const file = await writeRescueFile(['a.b.c'], { kty: 'EC', crv: 'P-256', x, y });
    const [part = ''] = readRescueFile(file) ?? [];
    const opened = await compactDecrypt(part, privateKey);
    expect(JSON.parse(new TextDecoder().decode(opened.plaintext))).toEqual({ records: ['a.b.c'] });
    const ines = await server.signIn('ines');
    const reply = await ines.post('/api/rescue', { part });
    expect([reply.status, (reply.body as { code: string }).code]).toEqual([400, 'request_invalid']);
  });

  it('with one character changed is refused as a whole', async () => {
    const ines = await server.signIn('ines');
    const [one] = await records(ines, 1);
    const file = await writeRescueFile([one?.jws ?? ''], await keyFor(ines));
    const [part = ''] = readRescueFile(file) ?? [];
    for (const at of [10, part.length >> 1, part.length - 3]) {
      const changed = part.slice(0, at) + (part[at] === 'A' ? 'B' : 'A') + part.slice(at + 1);
      expect((await ines.post('/api/rescue', { part: changed })).status).toBe(400);
    }
  });

  it('is told from anything else', async () => {
    for (const text of [
      '',
      'fieldbind-rescue 1',
      'fieldbind-rescue 2\na..b.c.d',
      'fieldbind-rescue 1\n<html>',
    ])
      expect(readRescueFile(text)).toBeUndefined();
  });
});

describe('the rescue key', () => {
  const keysOf = (data: string) =>
    readdirSync(join(data, 'keys')).filter((name) => name.startsWith('rescue'));

  async function sealedBy(phone: TestOperator): Promise<{ part: string; jws: string }> {
    const [one] = await records(phone, 1);
    const jws = one?.jws ?? '';
    const [part = ''] = readRescueFile(await writeRescueFile([jws], await keyFor(phone))) ?? [];
    return { part, jws };
  }

  it('is a key file, sealed by the passphrase, and in no copy of the database', async () => {
    const data = mkdtempSync(join(tmpdir(), 'fieldbind-rescue-'));
    const sealed = await startTestServer({ data, databaseUrl: '', caPassphrase: 'correct horse' });
    const ines = await sealed.signIn('ines');
    expect(((await ines.get('/api/rescue-key')).body as { rescueKey: string }).rescueKey).toContain('.');
    expect(keysOf(data)).toEqual(['rescue-1.key.pem']);
    expect(readFileSync(join(data, 'keys/rescue-1.key.pem'), 'utf8')).toContain(
      'BEGIN ENCRYPTED PRIVATE KEY',
    );
    await sealed.close();
    expect(readFileSync(join(data, 'fieldbind.sqlite'), 'latin1')).not.toContain('BEGIN PRIVATE KEY');
    rmSync(data, { recursive: true });
  });

  it('rotates: older files are read until their key is removed, and only then are not', async () => {
    const ines = await server.signIn('ines');
    const hanna = await server.signIn('hanna');
    const [before, other] = [await sealedBy(ines), await sealedBy(ines)];
    const first = await keyFor(ines);
    expect(await server.fieldbind('rescue-key', 'rotate')).toMatchObject({ code: 0 });
    const after = await sealedBy(ines);
    expect(await keyFor(ines)).not.toEqual(first);
    for (const { part } of [before, after])
      expect((await hanna.post('/api/rescue', { part })).status).toBe(200);
    // A command in this process would wait for a decision that waits for it.
    await server.running.decider.idle();
    expect((await server.fieldbind('rescue-key', 'list')).out.trimEnd().split('\n')).toHaveLength(2);
    // The newest stays: phones seal to it.
    for (const n of ['2', '3', 'x', '0'])
      expect(await server.fieldbind('rescue-key', 'end', n)).toMatchObject({ code: 1 });
    expect(await server.fieldbind('rescue-key', 'end', '1')).toEqual({ code: 0, out: 'removed\n' });
    expect(keysOf(server.data)).toEqual(['rescue-2.key.pem']);
    expect((await hanna.post('/api/rescue', { part: other.part })).status).toBe(400);
    expect((await hanna.post('/api/rescue', { part: after.part })).status).toBe(200);
    const told = (await trailOf(server.running.installation.stores)).filter(({ event }) =>
      event.startsWith('rescue key'),
    );
    expect(told.map(({ event, actor, detail }) => [event, actor, detail])).toEqual([
      ['rescue key made', 'server', 'rescue-1'],
      ['rescue key made', 'command line (nobody named)', 'rescue-2'],
      ['rescue key ended', 'command line (nobody named)', 'rescue-1'],
    ]);
  });

  it('of an older version leaves the database at the next start, without a trace, and opens what was sealed to it', async () => {
    const data = mkdtempSync(join(tmpdir(), 'fieldbind-rescue-'));
    await (await startTestServer({ data, databaseUrl: '' })).close();
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const raw = new BetterSqlite(join(data, 'fieldbind.sqlite'));
    raw.prepare('delete from settings where name = ?').run('rescue-keys');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
    raw.prepare('insert into settings (name, value) values (?, ?)').run('rescue-key', pem);
    raw.close();
    expect(readFileSync(join(data, 'fieldbind.sqlite'), 'latin1')).toContain('BEGIN PRIVATE KEY');

    const later = await startTestServer({ data, databaseUrl: '' });
    expect(keysOf(data)).toEqual(['rescue-1.key.pem']);
    const ines = await later.signIn('ines');
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const made = await ines.seal(
      'registration+jws',
      registrationOf(await makeDevice(), OAK_STREET),
      'northfield',
    );
    const [part = ''] =
      readRescueFile(await writeRescueFile([made.jws], { kty: 'EC', crv: 'P-256', x, y })) ?? [];
    expect((await ines.post('/api/rescue', { part })).status).toBe(200);
    expect(await later.running.installation.stores.settings.setting('rescue-key')).toBeUndefined();
    await closeFaultless(later);
    expect(readFileSync(join(data, 'fieldbind.sqlite'), 'latin1')).not.toContain('PRIVATE KEY');
    rmSync(data, { recursive: true });
  });

  it('whose file is missing is said at start, and nobody seals to what could not be opened', async () => {
    const data = mkdtempSync(join(tmpdir(), 'fieldbind-rescue-'));
    const first = await startTestServer({ data, databaseUrl: '' });
    await (await first.signIn('ines')).get('/api/rescue-key');
    await first.close();
    rmSync(join(data, 'keys/rescue-1.key.pem'));
    const later = await startTestServer({ data, databaseUrl: '' });
    expect(later.running.installation.notes.join()).toContain('rescue-1');
    const ines = await later.signIn('ines');
    expect((await ines.get('/api/rescue-key')).status).toBe(503);
    expect((await later.fieldbind('rescue-key', 'rotate')).code).toBe(0);
    expect((await ines.get('/api/rescue-key')).status).toBe(200);
    await closeFaultless(later);
    rmSync(data, { recursive: true });
  });

  it('made since a copy is found beside it when the copy is put back', async () => {
    const data = mkdtempSync(join(tmpdir(), 'fieldbind-rescue-'));
    const first = await startTestServer({ data, databaseUrl: '' });
    const ines = await first.signIn('ines');
    await ines.get('/api/rescue-key');
    expect((await first.fieldbind('backup', '--to', join(data, 'copy'))).code).toBe(0);
    await first.fieldbind('rescue-key', 'rotate');
    const { rescueKey } = (await ines.get('/api/rescue-key')).body as { rescueKey: string };
    await first.close();
    for (const name of ['', '-wal', '-shm']) rmSync(join(data, `fieldbind.sqlite${name}`), { force: true });
    expect((await fieldbind(data, ['restore', '--from', join(data, 'copy')], '')).code).toBe(0);
    const later = await startTestServer({ data, databaseUrl: '' });
    const jwkOf = (jws: string) => (parseJws(jws)?.payload as { jwk: PublicJwk } | undefined)?.jwk;
    expect((await later.fieldbind('operator', 'confirm', 'hanna', '--by', 'sam')).code).toBe(0);
    const now = (await (await later.signIn('hanna')).get('/api/rescue-key')).body as { rescueKey: string };
    expect(jwkOf(now.rescueKey)).toEqual(jwkOf(rescueKey));
    await closeFaultless(later);
    rmSync(data, { recursive: true });
  });
});
