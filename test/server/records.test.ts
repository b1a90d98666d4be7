import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from '../../contract/parse.ts';
import { Receipt } from '../../contract/statement.ts';
import { extendStatementKeys, verifyStatement } from '../../core/statement.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { makeOperatorKey, part, signInAs } from '../support/server-operator.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => closeFaultless(server));

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('receipts', () => {
  it('gives a receipt that verifies with the statement keys given at enrolment', async () => {
    const ines = await server.signIn('ines');
    const { statementKeys } = await ines.enrol();
    const keys = await extendStatementKeys(new Map(), statementKeys, ines.session.aud, nodeCrypto);
    const payload = registrationOf(await server.listedDevice(), OAK_STREET);
    const sealed = await ines.seal('registration+jws', payload, 'northfield');
    const answer = await ines.send([sealed.jws]);
    const [result] = answer.results;
    expect(result).toMatchObject({ status: 'received', digest: sealed.digest });
    const receipt = await verifyStatement(result?.receipt ?? '', 'receipt+jws', keys, nodeCrypto);
    expect(receipt.ok && parse(Receipt, receipt.payload)).toEqual({
      aud: ines.session.aud,
      id: payload.id,
      digest: sealed.digest,
      kid: ines.key.kid,
      seq: 1,
      status: 'received',
      at: answer.at,
    });
  });

  it('answers a replayed batch with the original receipts and binds once', async () => {
    const ines = await server.signIn('ines');
    const payload = registrationOf(await server.listedDevice(), OAK_STREET);
    const { jws } = await ines.seal('registration+jws', payload, 'northfield');
    const batch = ines.batch([jws]);
    const first = (await ines.post('/api/records', batch)).body as { results: { receipt: string }[] };
    const again = await ines.post('/api/records', batch);
    expect(again.body).toMatchObject({
      results: [{ status: 'duplicate', receipt: first.results[0]?.receipt }],
    });
    const said = (await ines.changes('northfield')).filter(({ record }) => record === payload.id);
    expect(said).toHaveLength(1);
  });

  it('takes records under a colleague’s session and keeps who sent them', async () => {
    const ines = await server.signIn('ines');
    const sam = await server.signIn('sam');
    const payload = registrationOf(await server.listedDevice(), OAK_STREET);
    const sealed = await ines.seal('registration+jws', payload, 'northfield');
    expect((await sam.send([sealed.jws])).results[0]).toMatchObject({ status: 'received' });
    const kept = await server.running.installation.stores.envelopes.byDigest(sealed.digest);
    expect(kept).toMatchObject({ uploader: 'sam', kid: ines.key.kid });
    expect(await ines.outcome(payload.id, 'northfield')).toMatchObject({ outcome: 'bound' });
  });
});

describe('what cannot be taken', () => {
  it('answers each record by itself, in order, never with an HTTP error', async () => {
    const ines = await server.signIn('ines');
    const good = await ines.seal(
      'registration+jws',
      registrationOf(await server.listedDevice(), OAK_STREET),
      'northfield',
    );
    const reply = await ines.send(['a.b.c', good.jws, `${good.jws.slice(0, -4)}AAAA`]);
    expect(reply.results.map(({ status, code }) => code ?? status)).toEqual([
      'envelope_malformed',
      'received',
      'bad_signature',
    ]);
    expect(reply.results[0]?.receipt).toBeUndefined();
    expect(reply.results[2]?.receipt).toBeUndefined();
  });

  it('refuses another record under the same id', async () => {
    const ines = await server.signIn('ines');
    const payload = registrationOf(await server.listedDevice(), OAK_STREET);
    await ines.submit('registration+jws', payload, 'northfield');
    const other = await ines.seal('registration+jws', { ...payload, app: '0.2.0' }, 'northfield');
    const [result] = (await ines.send([other.jws])).results;
    expect(result).toMatchObject({ status: 'rejected', code: 'id_reuse', digest: other.digest });
    expect(result?.receipt).toBeTypeOf('string');
    const kept = await server.running.installation.stores.envelopes.byDigest(other.digest);
    expect(kept).toMatchObject({ code: 'id_reuse', seq: 2 });
  });

  it('names a fork: two records in one place, or one that links to nothing', async () => {
    const ines = await server.signIn('ines');
    const start = ines.head;
    await ines.submit(
      'registration+jws',
      registrationOf(await server.listedDevice(), OAK_STREET),
      'northfield',
    );
    const onwards = ines.head;
    ines.head = start;
    const twin = await ines.seal(
      'registration+jws',
      registrationOf(await server.listedDevice(), OAK_STREET),
      'northfield',
    );
    ines.head = { seq: onwards.seq, digest: twin.digest };
    const stray = await ines.seal(
      'registration+jws',
      registrationOf(await server.listedDevice(), OAK_STREET),
      'northfield',
    );
    const { results } = await ines.send([twin.jws, stray.jws]);
    expect(results.map(({ code }) => code)).toEqual(['chain_fork', 'chain_fork']);
    expect((await ines.send([twin.jws])).results[0]).toMatchObject({
      status: 'rejected',
      code: 'chain_fork',
    });
  });

  it('refuses an unknown key, another audience, an organisation that is not the author’s', async () => {
    const ines = await server.signIn('ines');
    const foreign = await signInAs(server.url, 'hanna');
    const stranger = Object.assign(await server.signIn('ines'), { key: await makeOperatorKey() });
    const payload = registrationOf(await server.listedDevice(), OAK_STREET);
    const unknown = await stranger.seal('registration+jws', payload, 'northfield');
    const outsider = await foreign.seal('registration+jws', payload, 'northfield');
    const elsewhere = Object.assign(await server.signIn('ines'), {
      session: { ...ines.session, aud: 'fieldbind:elsewhere' },
    });
    const wrong = await elsewhere.seal('registration+jws', payload, 'northfield');
    const { results } = await ines.send([unknown.jws, wrong.jws, outsider.jws]);
    expect(results.map(({ code }) => code)).toEqual([
      'operator_key_unknown',
      'wrong_audience',
      'org_not_entitled',
    ]);
  });

  it('looks again at a record of somebody who was no member when it first came', async () => {
    const hanna = await signInAs(server.url, 'hanna');
    const payload = registrationOf(await server.listedDevice(), OAK_STREET);
    const { jws, digest } = await hanna.seal('registration+jws', payload, 'northfield');
    const [first] = (await hanna.send([jws])).results;
    expect(first).toMatchObject({ status: 'rejected', code: 'org_not_entitled' });
    expect((await hanna.send([jws])).results[0]).toEqual(first);
    await server.fieldbind('operator', 'join', 'hanna', '--org', 'northfield', '--role', 'installer');
    const [again] = (await hanna.send([jws])).results;
    expect(again).toMatchObject({ status: 'received', digest, receipt: expect.any(String) });
    expect(again?.code).toBeUndefined();
    expect(again?.receipt).not.toBe(first?.receipt);
    expect((await hanna.send([jws])).results[0]).toEqual({ ...again, status: 'duplicate' });
    expect(await hanna.outcome(payload.id, 'northfield')).toMatchObject({ outcome: 'bound' });
  });

  it('refuses a payload that does not fit, a kind under another kind’s name, a version to come', async () => {
    const ines = await server.signIn('ines');
    const payload = registrationOf(await server.listedDevice(), OAK_STREET);
    const extra = await ines.seal('registration+jws', { ...payload, extra: 1 }, 'northfield');
    const renamed = await ines.seal('void+jws', payload, 'northfield');
    const [head = '', body = ''] = extra.jws.split('.');
    const header: unknown = JSON.parse(Buffer.from(head, 'base64url').toString());
    const later = `${part({ ...(header as object), v: 2 })}.${body}.${'A'.repeat(86)}`;
    const { results } = await ines.send([extra.jws, renamed.jws, later]);
    expect(results.map(({ code }) => code)).toEqual([
      'payload_invalid',
      'payload_invalid',
      'version_unknown',
    ]);
    expect(results[0]?.receipt).toBeTypeOf('string');
  });

  it('rejects every changed bit and every other last character', async () => {
    const ines = await server.signIn('ines');
    const payload = registrationOf(await server.listedDevice(), OAK_STREET);
    const { jws } = await ines.seal('registration+jws', payload, 'northfield');
    const changed: string[] = [];
    const parts = jws.split('.');
    for (const [index, text] of parts.entries()) {
      const bytes = Buffer.from(text, 'base64url');
      // A prime step visits positions of every kind; the signature's bits are all tried.
      for (let bit = 0; bit < bytes.length * 8; bit += index === 2 ? 1 : 11) {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        changed.push(parts.with(index, flipped.toString('base64url')).join('.'));
      }
      for (const character of ALPHABET) {
        if (text.endsWith(character)) continue;
        changed.push(parts.with(index, text.slice(0, -1) + character).join('.'));
      }
    }
    expect(changed.length).toBeGreaterThan(1500);
    for (let at = 0; at < changed.length; at += 60) {
      const some = changed.slice(at, at + 60);
      const { results } = await ines.send(some);
      expect(results.map(({ status }) => status)).toEqual(some.map(() => 'rejected'));
      expect(results.some(({ receipt }) => receipt !== undefined)).toBe(false);
    }
    expect((await ines.send([jws])).results[0]).toMatchObject({ status: 'received' });
  });
});
