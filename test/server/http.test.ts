// One call of each operation of the contract, with what it needs: so it is long.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Check, Errors } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API, type ApiName, type Operation } from '../../contract/api.ts';
import { ENTITLEMENTS, type Entitlement } from '../../contract/entitlements.ts';
import type { OwnSessions } from '../../contract/own-session.ts';
import { parse } from '../../contract/parse.ts';
import { Problem } from '../../contract/problem.ts';
import type { RescueKey } from '../../contract/rescue.ts';
import { WorkPack } from '../../contract/work-pack.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { parseJws } from '../../core/jws.ts';
import { rowDigest } from '../../core/list-lookup.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { writeRescueFile } from '../../src/effects/rescue/rescue-file.ts';
import { ACCOUNT_CALLS, type AccountCall, accountCall } from '../support/account-calls.ts';
import { openssl } from '../support/openssl.ts';
import { sendCall } from '../support/send-call.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { clientToken, sendAsClient } from '../support/server-client.ts';
import { makeDevice, registrationOf, rowOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { Reply, TestOperator } from '../support/server-operator.ts';

let dist: string;
let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), 'fieldbind-dist-'));
  mkdirSync(join(dist, 'assets'));
  writeFileSync(join(dist, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(dist, 'sw.js'), '// worker');
  writeFileSync(join(dist, '.inputs'), 'digest of the sources');
  writeFileSync(join(dist, 'assets/main-a1B2c3D4.js'), '// code');
  server = await startTestServer({ dist });
  ines = await server.signIn('ines');
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(dist, { recursive: true });
});

const problem = ({ status, headers, body }: Reply) => {
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(parse(Problem, body)?.status).toBe(status);
  return (body as { code: string }).code;
};

/** A session of this person's, which nobody else needs. */
async function ownSessionOf(operator: string): Promise<string> {
  const { body } = await (await server.signIn(operator)).get('/api/sessions');
  return (body as OwnSessions).sessions.find(({ own }) => own)?.id ?? '';
}

/** An administrator ends a person's sessions. */
async function ended(): Promise<Reply> {
  const { people } = server.running.installation.stores;
  for (const [operator, role] of [
    ['nadia', 'administrator'],
    ['tess', 'installer'],
  ] as const) {
    await people.savePerson({ operator, name: operator, about: '', demoRole: role, revokedAt: null });
    await people.saveMembership(operator, 'northfield', role);
  }
  const nadia = await server.signIn('nadia');
  return nadia.post('/api/people/tess/sessions?org=northfield', { because: 'lost her phone' });
}

/** What an administrator who is an installation administrator too is answered, with a session for each call. */
async function accountReplies(): Promise<Record<AccountCall, Reply>> {
  const { people, installationAdministrators } = server.running.installation.stores;
  await people.savePerson({ operator: 'nils', name: 'Nils', about: '', demoRole: null, revokedAt: null });
  await people.saveMembership('nils', 'northfield', 'support');
  await installationAdministrators.set('nadia', true);
  const about = { server, org: 'northfield', owner: 'northfield', colleague: 'tess', real: 'nils' };
  const replies = new Map<AccountCall, Reply>();
  for (const name of ACCOUNT_CALLS) {
    const { cookie } = await server.signIn('nadia');
    const wanted = await accountCall(name, { ...about, operator: 'nadia', elsewhere: 'hanna-home' });
    const reply = await sendCall(server.url, name, wanted, cookie);
    replies.set(name, { ...reply, body: JSON.parse(String(reply.body)) as unknown });
  }
  return Object.fromEntries(replies) as Record<AccountCall, Reply>;
}

/** The one part of a rescue file with this record. */
async function partOf({ body }: Reply, jws: string): Promise<string> {
  const { payload } = parseJws((body as { rescueKey: string }).rescueKey) ?? {};
  const file = await writeRescueFile([jws], (payload as RescueKey).jwk);
  return file.split('\n')[1] ?? '';
}

describe('the contract', () => {
  it('is what the server serves, operation for operation', async () => {
    const { paths } = (await ines.get('/api/openapi.json')).body as {
      paths: Record<string, Record<string, { operationId?: string }>>;
    };
    const served = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${method} ${path} ${operationId}`),
    );
    const promised = Object.entries(API).map(
      ([name, { method, path }]) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')} ${name}`,
    );
    expect(served.sort()).toEqual(promised.sort());
  });

  it('holds for real answers of every operation', async () => {
    const phone = await server.signIn('hanna');
    const device = await server.listedDevice();
    const bound = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    const leafPem = bound.certificate?.leafPem;
    const found = registrationOf(await makeDevice(), OAK_STREET, { asFound: true });
    const held = await ines.submit('registration+jws', found, 'northfield');
    const sam = await server.signIn('sam');
    const claim = await phone.submit('registration+jws', registrationOf(device, HANNA), 'hanna-home');
    const cases = await server.running.installation.stores.transfers.openCases();
    const { id } = cases.find(({ record }) => record === claim.record) ?? { id: '' };
    const nonce = 'nonce-of-this-request';
    const challenge = (await ines.post('/api/operator-keys/challenge', {})).body as { nonce: string };
    const rescueKey = await ines.get('/api/rescue-key');
    const loose = await ines.seal(
      'registration+jws',
      registrationOf(await makeDevice(), OAK_STREET),
      'northfield',
    );
    const photo = Uint8Array.from([0xff, 0xd8, 0xff, 1]);
    const digest = toBase64Url(await nodeCrypto.sha256(photo));
    const pictured = registrationOf(await makeDevice(), OAK_STREET, {
      place: { photos: [{ digest, bytes: photo.length }] },
    });
    await ines.submit('registration+jws', pictured, 'northfield');
    const whole = { record: pictured.id, digest, offset: 0, data: toBase64Url(photo) };
    const replies: Record<ApiName, Reply> = {
      photoPart: await ines.post('/api/photos', whole),
      photosOfRecord: await ines.get(`/api/photos?org=northfield&record=${pictured.id}`),
      photo: await ines.get(`/api/photos/${digest}?org=northfield`),
      probe: await ines.get(`/api/probe?nonce=${nonce}`),
      signInOptions: await ines.get('/api/sign-in'),
      signIn: await ines.post('/api/sign-in', { operator: 'sam' }),
      session: await ines.get('/api/session'),
      sessions: await ines.get('/api/sessions'),
      endSession: await ines.post(`/api/sessions/${await ownSessionOf('ines')}`, {}),
      endSessionsOf: await ended(),
      notices: await ines.get('/api/notices'),
      changeNotices: await ines.post('/api/notices', {
        wishes: [{ kind: 'alarm', mail: false, push: true }],
      }),
      enrolChallenge: await ines.post('/api/operator-keys/challenge', {}),
      enrol: await ines.post('/api/operator-keys', { proof: await ines.proof(challenge.nonce) }),
      statementKeys: await ines.get('/api/statement-keys'),
      workPack: await ines.get('/api/work-pack?org=northfield'),
      fieldDevices: await ines.get('/api/field-devices?org=northfield&after='),
      listChanges: await ines.get('/api/list-changes?org=northfield&after='),
      records: await ines.post('/api/records', ines.batch([])),
      changes: await ines.get(`/api/changes?org=northfield&after=&nonce=${nonce}`),
      importList: await ines.post('/api/list?org=training', { rows: [rowOf(await makeDevice())] }),
      devices: await ines.get('/api/devices?org=northfield'),
      chains: await ines.post('/api/chains', { nonce, chains: [{ kid: ines.key.kid, seq: 3 }] }),
      handBack: await ines.post('/api/hand-back', { statements: [], certificates: [leafPem], packs: [] }),
      rescueKey,
      rescue: await ines.post('/api/rescue', { part: await partOf(rescueKey, loose.jws) }),
      reportLoss: await ines.post('/api/phone-losses', {
        kid: ines.key.kid,
        epoch: ines.epoch,
        head: 0,
        unsent: [],
        lastSeenAt: '2026-01-01T00:00:00.000Z',
        foundAt: '2026-01-02T00:00:00.000Z',
      }),
      phones: await sam.get('/api/phones?org=northfield'),
      verify: await sam.post('/api/verify', { certificate: leafPem, domain: OAK_STREET }),
      transfers: await sam.get('/api/transfers?org=northfield'),
      decideTransfer: await sam.post(`/api/transfers/${id}?org=northfield`, {
        decision: 'refuse',
        because: 'it is ours',
      }),
      actOnDevice: await sam.post(`/api/devices/acme/${device.udid}?org=northfield`, {
        act: 'suspend',
        reason: 'maintenance',
        because: 'on the bench',
      }),
      clientAct: await sendAsClient(server, await clientToken(server, ['transfer']), device, {
        act: 'give_up',
        because: 'sold',
      }),
      approvals: await sam.get('/api/approvals?org=northfield'),
      decideApproval: await sam.post(`/api/approvals/${held.record}?org=northfield`, {
        decision: 'refuse',
        reason: 'not known here',
      }),
      signOut: await phone.post('/api/sign-out', {}),
      ...(await accountReplies()),
    };
    for (const [name, reply] of Object.entries(replies)) {
      const { answer }: Operation = API[name as ApiName];
      expect([name, reply.status, Errors(answer, reply.body)]).toEqual([name, 200, []]);
      expect(reply.headers.get('cache-control')).toMatch(/no-store|no-cache/);
    }
    expect((await phone.get('/api/session')).status).toBe(401);
  });

  it('refuses what does not fit, whatever the part', async () => {
    const bad = [
      await ines.get('/api/probe?nonce=short'),
      await ines.get('/api/probe'),
      await ines.post('/api/sign-in', { operator: 'ines', extra: 1 }),
      await ines.post('/api/sign-in', { operator: 4 }),
      await ines.post('/api/records', { ...ines.batch([]), batch: 'x' }),
      await ines.get('/api/changes?org=northfield&after=%00&nonce=nonce-of-this-request'),
      await ines.get('/api/changes?org=northfield&after=AAAA&nonce=nonce-of-this-request'),
      await ines.post('/api/records', new TextEncoder().encode('{')),
    ];
    for (const reply of bad) expect([reply.status, problem(reply)]).toEqual([400, 'request_invalid']);
  });

  it('denies by default: no session, another organisation, a role that may not', async () => {
    const anonymous = async (path: string) => {
      const response = await fetch(server.url + path);
      return ((await response.json()) as { code: string }).code;
    };
    for (const [name, operation] of Object.entries<Operation>(API)) {
      const { to }: Entitlement = ENTITLEMENTS[name as ApiName];
      if (operation.method !== 'GET' || to === 'anybody' || to === 'open') continue;
      const all = `?org=northfield&after=&nonce=nonce-of-this-request&record=${uuid7(0, nodeCrypto)}`;
      const path = operation.path.replace(':digest', 'A'.repeat(43));
      expect(await anonymous(path + (operation.query === undefined ? '' : all))).toBe('unauthenticated');
    }
    for (const path of ['work-pack?', 'devices?', 'changes?after=&nonce=nonce-of-this-request&']) {
      const reply = await ines.get(`/api/${path}org=hanna-home`);
      expect([path, problem(reply)]).toEqual([path, 'forbidden']);
    }
    expect(problem(await ines.get('/api/approvals?org=northfield'))).toBe('forbidden');
  });
});

describe('origin', () => {
  const signIn = (headers: Record<string, string>) =>
    fetch(`${server.url}/api/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"operator":"ines"}',
    }).then(async (response) => ((await response.json()) as { code?: string }).code ?? 'signed in');

  it('must be our own page’s for whatever changes something', async () => {
    expect(await signIn({})).toBe('origin_refused');
    expect(await signIn({ origin: 'http://localhost:1' })).toBe('origin_refused');
    expect(await signIn({ origin: 'null' })).toBe('origin_refused');
    expect(await signIn({ origin: server.url, 'sec-fetch-site': 'cross-site' })).toBe('origin_refused');
    expect(await signIn({ origin: server.url, 'sec-fetch-site': 'same-origin' })).toBe('signed in');
  });

  it('refuses another host’s name for us', async () => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const { port } = new URL(server.url);
    const headers = { host: 'rebound.example' };
    request({ port, host: '127.0.0.1', path: '/api/sign-in', headers }, ({ statusCode }) =>
      resolve(statusCode),
    )
      .on('error', reject)
      .end();
    expect(await promise).toBe(403);
  });

  it('sets a session cookie that no script and no other site sees', async () => {
    const response = await fetch(`${server.url}/api/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: '{"operator":"ines"}',
    });
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^__Host-fieldbind=[\w-]{43}; Path=\/; .*HttpOnly; Secure; SameSite=Strict$/);
    const token = /=([\w-]{43})/.exec(cookie)?.[1] ?? '';
    expect(await server.running.installation.stores.sessions.find(token)).toBeUndefined();
  });
});

describe('bodies', () => {
  it('may be gzip', async () => {
    const body = gzipSync(JSON.stringify(ines.batch(['a.b.c'])));
    const reply = await ines.post('/api/records', body, { 'content-encoding': 'gzip' });
    expect(reply.body).toMatchObject({ results: [{ status: 'rejected', code: 'envelope_malformed' }] });
  });

  it('are bounded as they come and as they unfold', async () => {
    const gzip = { 'content-encoding': 'gzip' };
    const large = ines.batch([]);
    const long = JSON.stringify({ ...large, batch: 'x'.repeat(257 * 1024) });
    expect(problem(await ines.post('/api/records', new TextEncoder().encode(long)))).toBe('too_large');
    expect(problem(await ines.post('/api/records', gzipSync(long), gzip))).toBe('too_large');
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(256 * 1024);
    expect(problem(await ines.post('/api/records', bomb, gzip))).toBe('too_large');
  });

  it('are refused if they are no gzip, or cut short, or of another coding', async () => {
    const gzip = { 'content-encoding': 'gzip' };
    const whole = gzipSync(JSON.stringify(ines.batch([])));
    expect(problem(await ines.post('/api/records', ines.batch([]), gzip))).toBe('request_invalid');
    expect(problem(await ines.post('/api/records', whole.subarray(0, -9), gzip))).toBe('request_invalid');
    const brotli = await ines.post('/api/records', whole, { 'content-encoding': 'br' });
    expect(problem(brotli)).toBe('request_invalid');
  });
});

describe('work pack', () => {
  it('fits its schema, holds own rows plain and others’ as digests, and has an ETag', async () => {
    const own = await server.listedDevice();
    const other = await server.listedDevice({ org: 'hanna-home' });
    const pack = await ines.pack('northfield');
    expect([Check(WorkPack, pack), Errors(WorkPack, pack)]).toEqual([true, []]);
    expect(pack.rows).toContainEqual(rowOf(own));
    expect(JSON.stringify(pack)).not.toContain(other.udid);
    for (const device of [own, other])
      expect(pack.digests).toContain(await rowDigest(pack.salt, device.udid, device.spki, nodeCrypto));
    expect(pack.domains.map(({ name }) => name)).toContain(OAK_STREET);
    const first = await ines.get('/api/work-pack?org=northfield');
    const etag = first.headers.get('etag') ?? '';
    const same = await ines.get('/api/work-pack?org=northfield', { 'if-none-match': etag });
    expect([same.status, same.body]).toEqual([304, '']);
    await server.listedDevice();
    const changed = await ines.get('/api/work-pack?org=northfield', { 'if-none-match': etag });
    expect(changed.status).toBe(200);
  });
});

describe('the page', () => {
  const page = (path: string, accept = 'text/html') => fetch(server.url + path, { headers: { accept } });

  it('comes with strict headers, as does everything else', async () => {
    for (const path of ['/', '/install/step', '/api/session', '/crl/northfield.crl', '/nothing.js']) {
      const { headers } = await page(path);
      expect(headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'");
      expect(headers.get('permissions-policy')).toContain('serial=(self)');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    }
  });

  it('answers for every screen, and for nothing that is a file or a face', async () => {
    for (const path of ['/', '/install', '/records/1'])
      expect(await (await page(path)).text()).toContain('page');
    for (const path of ['/api/nothing', '/crl/x', '/ca/x', '/x.js', '/assets/x.js'])
      expect([path, (await page(path)).status]).toEqual([path, 404]);
    expect((await page('/install', 'application/json')).status).toBe(404);
  });

  it('does not hand out what the build noted for itself', async () => {
    for (const path of ['/.inputs', '/%2einputs', '/%2Einputs', '/assets/../.inputs'])
      for (const accept of ['text/html', '*/*'])
        expect(await (await page(path, accept)).text()).not.toContain('digest of the sources');
    expect((await page('/.inputs')).status).toBe(404);
  });

  it('asks for TLS from now on where it has TLS, and only there', async () => {
    expect((await page('/')).headers.get('strict-transport-security')).toBeNull();
    const certificateFile = join(dist, '..', `${basename(dist)}.pem`);
    const keyFile = `${certificateFile}.key`;
    const made = await openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-keyout', keyFile, '-out', certificateFile],
    );
    expect(made).toMatchObject({ code: 0 });
    const secure = await startTestServer({ dist, tls: { certificateFile, keyFile } });
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    get(`${secure.url}/`, { rejectUnauthorized: false }, (response) => {
      resolve(response.headers['strict-transport-security']);
      response.resume();
    }).on('error', reject);
    expect(await promise).toBe('max-age=31536000');
    await secure.close();
    for (const file of [certificateFile, keyFile]) rmSync(file);
  });

  it('is kept for ever only where the name says which content it is', async () => {
    const cache = async (path: string) => (await page(path)).headers.get('cache-control');
    expect(await cache('/')).toBe('no-cache');
    expect(await cache('/sw.js')).toBe('no-cache');
    expect(await cache('/assets/main-a1B2c3D4.js')).toBe('public, max-age=31536000, immutable');
  });

  it('explains itself if it was not built', async () => {
    const bare = await startTestServer({ dist: join(dist, 'nowhere') });
    const response = await fetch(`${bare.url}/`);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('npm start');
    expect((await fetch(`${bare.url}/healthz`)).status).toBe(200);
    await bare.close();
  });
});

describe('CRLs', () => {
  it('are cacheable for a short while and know when they have not changed', async () => {
    const url = `${server.url}/crl/northfield.crl`;
    const { headers } = await fetch(url);
    expect(headers.get('content-type')).toBe('application/pkix-crl');
    expect(headers.get('cache-control')).toBe('public, max-age=60');
    const again = await fetch(url, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });
});
