import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchResponse } from '../../contract/batch.ts';
import type { PublicJwk } from '../../contract/public-jwk.ts';
import { extendStatementKeys } from '../../core/statement.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { readRescueFile, rescueKeyOf, writeRescueFile } from '../../src/effects/rescue/rescue-file.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';

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
