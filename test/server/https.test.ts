import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConfigError, readConfig } from '../../server/config/config.ts';
import type { ServeOptions } from '../../server/serve.ts';
import { PATIENCE } from '../support/patience.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { type ServerPairs, serverPairs } from '../support/server-pairs.ts';
import { askOn, HOST, visit } from '../support/tls-visit.ts';
import { trailOf } from '../support/trail.ts';

const PUBLIC = { publicUrl: `https://${HOST}`, verifierUrl: `http://${HOST}` };

let folder: string;
let pairs: ServerPairs;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-https-'));
  pairs = await serverPairs(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Asks without TLS, with these headers and a path as it is written. */
async function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body = '', from = '127.0.0.1' } = {},
): Promise<Asked> {
  const { promise, resolve, reject } = Promise.withResolvers<Asked>();
  const options = { port, path, method, headers, host: '127.0.0.1', localAddress: from };
  const sent = request(options, async (response) => {
    let text = '';
    for await (const part of response) text += part;
    resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
  });
  sent.once('error', reject).end(body);
  return promise;
}

describe('certificate and key in files', () => {
  let server: TestServer;
  const said: string[] = [];
  const files = () => ({ certificateFile: join(folder, 'used.pem'), keyFile: join(folder, 'used.key') });

  async function put(name: string, key = name): Promise<void> {
    copyFileSync(join(folder, `${name}.pem`), files().certificateFile);
    copyFileSync(join(folder, `${key}.key`), files().keyFile);
  }
  async function serial(): Promise<string> {
    const { certificate, socket } = await visit(server.running.port, readFileSync(pairs.root, 'latin1'));
    socket.destroy();
    return certificate.serialNumber;
  }
  const becomes = (butNot: string) =>
    vi.waitFor(async () => {
      const now = await serial();
      expect(now).not.toBe(butNot);
      return now;
    }, PATIENCE);
  const notes = async () =>
    (await trailOf(server.running.installation.stores)).flatMap(({ event, detail }) =>
      event.startsWith('own certificate') ? [`${event}: ${detail}`] : [],
    );

  beforeAll(async () => {
    for (const name of ['one', 'two', 'three']) await pairs.make(name, HOST, { rsa: name === 'three' });
    await pairs.make('foreign', 'other.example.test');
    await pairs.make('old', HOST, { days: -1 });
    await put('one');
    server = await startTestServer({ ...PUBLIC, tls: files(), onNotice: (sentence) => said.push(sentence) });
  });
  afterAll(() => closeFaultless(server));

  it('are taken anew when they change, and nobody is cut off', async () => {
    const first = await serial();
    const { socket } = await visit(server.running.port, readFileSync(pairs.root, 'latin1'));
    await put('two');
    const second = await becomes(first);
    const metrics = await askOn(socket, '/metrics');
    const left = /^fieldbind_own_certificate_left_seconds (\d+)$/m.exec(metrics)?.[1];
    expect(Math.round(Number(left) / 86_400)).toBe(5);
    socket.destroy();
    // A key of another kind.
    await put('three');
    await becomes(second);
    expect(said.filter((sentence) => sentence.includes('is in use from now on'))).toHaveLength(2);
    await vi.waitFor(async () => expect(await notes()).toHaveLength(2), PATIENCE);
  });

  it('leave the old one in use where they are no good, which is said once for each change', async () => {
    const before = await serial();
    const known = (await notes()).length;
    const wrong: readonly (readonly [() => unknown, string, string])[] = [
      [() => put('one', 'two'), 'the key is not that of the certificate', 'key_differs'],
      [() => put('foreign'), 'the certificate is for another name', 'other_name'],
      [() => put('old'), 'the certificate has run out', 'over'],
      [() => writeFileSync(files().keyFile, 'rubbish'), 'no certificate and key in PEM', 'unreadable'],
      [() => rmSync(files().certificateFile), 'no certificate and key in PEM', 'unreadable'],
    ];
    let n = known;
    for (const [change, words, code] of wrong) {
      said.length = 0;
      await change();
      await vi.waitFor(() => expect(said).toEqual([expect.stringContaining(words)]), PATIENCE);
      n++;
      // What is said is put on the trail right after.
      await vi.waitFor(
        async () =>
          expect((await notes()).slice(n - 1)).toEqual([`own certificate not taken from files: ${code}`]),
        PATIENCE,
      );
      expect(await serial()).toBe(before);
    }
    await put('two');
    await becomes(before);
    // In all these seconds nothing was said again.
    expect(said).toHaveLength(2);
  });

  it('are shown to nobody who asks for the proof of a name, named or not', async () => {
    for (const name of [HOST, '', 'other.example.test']) {
      const { promise, resolve } = Promise.withResolvers<string>();
      const at = { port: server.running.port, host: '127.0.0.1', rejectUnauthorized: false };
      const socket = connect({ ...at, servername: name, ALPNProtocols: ['acme-tls/1'] });
      socket.once('secureConnect', () => resolve('shown')).once('error', ({ message }) => resolve(message));
      expect(await promise).toMatch(/alert no application protocol/);
      socket.destroy();
    }
    expect(await serial()).not.toBe('');
  });

  it('must be some to begin with', async () => {
    const missing = { certificateFile: join(folder, 'no.pem'), keyFile: join(folder, 'no.key') };
    await expect(startTestServer({ tls: missing })).rejects.toThrow(ConfigError);
    const other = { certificateFile: join(folder, 'one.pem'), keyFile: join(folder, 'two.key') };
    await expect(startTestServer({ tls: other })).rejects.toThrow('the key is not that of the certificate');
  });
});

describe('the listener without TLS', () => {
  let server: TestServer;
  beforeAll(async () => {
    const tls = await pairs.make('plain', HOST);
    server = await startTestServer({ ...PUBLIC, tls, httpPort: 0 });
  });
  afterAll(() => closeFaultless(server));
  const port = () => server.running.httpPort ?? 0;

  it('gives verifiers what they fetch, by whatever name they ask', async () => {
    for (const host of [HOST, 'old.example.test'])
      for (const path of ['/crl/northfield.crl', '/ca/northfield.cer', '/ca/northfield/bundle.pem'])
        expect([path, (await ask(port(), path, { headers: { host } })).status]).toEqual([path, 200]);
    const headers = { 'content-type': 'application/ocsp-request' };
    const { status, headers: given } = await ask(port(), '/ocsp', { method: 'POST', headers, body: 'x' });
    expect([status, given['content-type']]).toEqual([200, 'application/ocsp-response']);
  });

  it('gives a CA the answer to its challenge, and nobody any other', async () => {
    const { acmeChallenges } = server.running.installation.stores;
    const challenge = { host: HOST, answer: 'a.b', until: '2999-01-01T00:00:00.000Z' };
    await acmeChallenges.save({ ...challenge, token: 'seen', kind: 'http-01' }, '');
    await acmeChallenges.save({ ...challenge, token: 'other', kind: 'tls-alpn-01' }, '');
    expect(await ask(port(), '/.well-known/acme-challenge/seen')).toMatchObject({ status: 200, text: 'a.b' });
    for (const token of ['other', 'none', '%00'])
      expect((await ask(port(), `/.well-known/acme-challenge/${token}`)).status).toBe(404);
  });

  it('sends everybody else to the public address, whatever host they name', async () => {
    const to = async (path: string, options = {}) => {
      const { status, headers, text } = await ask(port(), path, options);
      return [status, headers.location, text];
    };
    const evil = { headers: { host: 'evil.example' } };
    expect(await to('/records?x=1', evil)).toEqual([308, `https://${HOST}/records?x=1`, '']);
    expect(await to('//evil.example/a', evil)).toEqual([308, `https://${HOST}/a`, '']);
    expect(await to('http://evil.example/a', evil)).toEqual([308, `https://${HOST}/a`, '']);
    expect(await to('/', {})).toEqual([308, `https://${HOST}/`, '']);
    const post = {
      method: 'POST',
      body: '{"operator":"ines"}',
      headers: { 'content-type': 'application/json' },
    };
    expect(await to('/api/sign-in', post)).toEqual([308, `https://${HOST}/api/sign-in`, '']);
    expect((await to('/crl/northfield.crl', { method: 'POST' }))[0]).toBe(405);
    for (const path of ['/healthz', '/metrics', '/api/openapi.json'])
      expect([path, (await to(path))[0]]).toEqual([path, 308]);
  });

  it('is what certificates name, on the command line too', async () => {
    expect((await server.fieldbind('org', 'create', 'plain', '--title', 'Plain')).code).toBe(0);
    const made = await server.running.installation.stores.authorities.authority('plain');
    const text = Buffer.from(made?.certificate ?? []).toString('latin1');
    expect(text).toContain(`http://${HOST}/ca/root.cer`);
    expect(text).not.toContain('https:');
  });
});

/** Who was refused for want of a session, as the trail has it: that is written after the answer. */
function refusedCaller({ running }: TestServer): Promise<string> {
  return vi.waitFor(async () => {
    const refused = (await trailOf(running.installation.stores)).find(
      ({ event, subject }) => event === 'call refused' && subject === 'unauthenticated',
    );
    if (refused === undefined) throw new Error('nobody was refused yet');
    return refused.actor;
  }, PATIENCE);
}

describe('behind a proxy', () => {
  const start = (proxies: readonly string[], more: Partial<ServeOptions> = {}) =>
    startTestServer({ ...PUBLIC, proxies, ...more });
  const FORWARDED = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': HOST,
  };

  it('believes what a trusted one says of client, scheme and host', async () => {
    const server = await start(['127.0.0.0/8']);
    try {
      const { port } = server.running;
      const inside = { host: 'inside.internal' };
      expect((await ask(port, '/api/sign-in', { headers: { ...inside, ...FORWARDED } })).status).toBe(200);
      expect((await ask(port, '/api/session', { headers: { ...inside, ...FORWARDED } })).status).toBe(401);
      const plain = { ...FORWARDED, 'x-forwarded-proto': 'http' };
      const { status, headers } = await ask(port, '/places?x', { headers: { ...inside, ...plain } });
      expect([status, headers.location]).toEqual([308, `https://${HOST}/places?x`]);
      expect((await ask(port, '/crl/northfield.crl', { headers: { ...inside, ...plain } })).status).toBe(200);
      // Whoever watches on this machine asks without a proxy.
      expect((await ask(port, '/healthz')).status).toBe(200);
      expect(await refusedCaller(server)).toBe('nobody signed in, elsewhere');
    } finally {
      await closeFaultless(server);
    }
  });

  it('believes nobody else, and nobody at all where none is named', async () => {
    for (const proxies of [[], ['10.9.9.9', '127.0.0.2']]) {
      const server = await start(proxies);
      try {
        const { port } = server.running;
        const foreign = { headers: { ...FORWARDED, host: 'inside.internal' } };
        expect((await ask(port, '/api/sign-in', foreign)).status).toBe(403);
        const own = { host: HOST, 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'http' };
        expect((await ask(port, '/api/session', { headers: own })).status).toBe(401);
        expect(await refusedCaller(server)).toBe('nobody signed in, this machine');
      } finally {
        await closeFaultless(server);
      }
    }
  });
});

describe('the public address', () => {
  const NAME = { FIELDBIND_PUBLIC_URL: 'https://bind.example.org' };
  const ACME = { ...NAME, FIELDBIND_ACME: 'ops@example.org' };

  it.each([
    [{ FIELDBIND_PUBLIC_URL: 'https://10.0.0.5' }, 'passkeys need a name'],
    [{ FIELDBIND_PUBLIC_URL: 'https://[2001:db8::1]' }, 'passkeys need a name'],
    [{ FIELDBIND_PUBLIC_URL: 'http://bind.example.org' }, 'use https://bind.example.org'],
    [{ FIELDBIND_PUBLIC_URL: 'https://bind.example.org/field' }, 'has a path'],
    [{ FIELDBIND_PUBLIC_URL: 'https://localhost', FIELDBIND_ACME: 'ops@example.org' }, 'a name in DNS'],
    [NAME, 'FIELDBIND_ACME'],
    [{ ...NAME, FIELDBIND_ACME: 'nobody' }, 'not an e-mail address'],
    [{ FIELDBIND_ACME: 'ops@example.org' }, 'FIELDBIND_PUBLIC_URL'],
    [{ ...ACME, FIELDBIND_TLS_CERT: 'c', FIELDBIND_TLS_KEY: 'k' }, 'both set'],
    [{ ...ACME, FIELDBIND_ACME_DIRECTORY: 'http://ca.example' }, 'FIELDBIND_ACME_DIRECTORY'],
    [{ ...ACME, FIELDBIND_ACME_CHALLENGE: 'dns-02' }, 'FIELDBIND_ACME_CHALLENGE'],
    [{ ...ACME, FIELDBIND_ACME_CHALLENGE: 'dns-01' }, 'FIELDBIND_ACME_DNS_HOOK'],
    [{ ...ACME, FIELDBIND_ACME_EAB_KID: 'k' }, 'FIELDBIND_ACME_EAB_HMAC'],
    [{ ...ACME, FIELDBIND_ACME_EAB_KID: 'k', FIELDBIND_ACME_EAB_HMAC: 'secret!' }, 'base64url'],
    [{ ...NAME, FIELDBIND_ACME_EAB_KID: 'k', FIELDBIND_TRUSTED_PROXIES: '::1' }, 'FIELDBIND_ACME is missing'],
    [{ ...NAME, FIELDBIND_TRUSTED_PROXIES: 'proxy.internal' }, 'FIELDBIND_TRUSTED_PROXIES'],
    [{ ...NAME, FIELDBIND_TRUSTED_PROXIES: '10.0.0.0/33' }, 'FIELDBIND_TRUSTED_PROXIES'],
    [{ ...ACME, FIELDBIND_HTTP_PORT: 'x' }, 'FIELDBIND_HTTP_PORT'],
    [{ FIELDBIND_DEMO: '1', FIELDBIND_HOST: '0.0.0.0' }, '127.0.0.1 only'],
    [{ ...ACME, FIELDBIND_DEMO: '1' }, 'set FIELDBIND_DEMO=0'],
    [{ ...ACME, FIELDBIND_DEMO: 'on', FIELDBIND_HOST: '127.0.0.1' }, 'set FIELDBIND_DEMO=0'],
    [
      { ...NAME, FIELDBIND_DEMO: '1', FIELDBIND_TLS_CERT: 'c', FIELDBIND_TLS_KEY: 'k' },
      'is for everybody: set FIELDBIND_DEMO=0',
    ],
    [{ ...NAME, FIELDBIND_DEMO: '1', FIELDBIND_TRUSTED_PROXIES: '127.0.0.1' }, 'set FIELDBIND_DEMO=0'],
    [{ ...ACME, FIELDBIND_VERIFIER_URL: 'ftp://x' }, 'FIELDBIND_VERIFIER_URL'],
  ])('refuses %j in words', (environment, words) => {
    expect(() => readConfig(environment)).toThrow(ConfigError);
    expect(() => readConfig(environment)).toThrow(words);
    expect(() => readConfig(environment)).not.toThrow('secret!');
  });

  it('alone opens the ports of HTTPS and HTTP to everybody, without demo people', () => {
    const acme = readConfig(ACME);
    expect(acme).toMatchObject({ port: 443, httpPort: 80, host: '::', demo: false });
    expect(acme).toMatchObject({
      publicUrl: 'https://bind.example.org',
      verifierUrl: 'http://bind.example.org',
    });
    expect(acme.acme).toEqual({
      email: 'ops@example.org',
      directory: 'https://acme-v02.api.letsencrypt.org/directory',
      ...{ trustFile: undefined, challenge: undefined, dnsHook: undefined, binding: undefined },
    });
    const files = { ...NAME, FIELDBIND_TLS_CERT: 'c', FIELDBIND_TLS_KEY: 'k' };
    expect(readConfig(files)).toMatchObject({ port: 443, httpPort: 80, host: '::', demo: false });
    expect(readConfig({ ...files, PORT: '8443', FIELDBIND_HTTP_PORT: 'off' })).toMatchObject({
      ...{ port: 8443, httpPort: undefined, verifierUrl: 'https://bind.example.org' },
    });
    expect(readConfig({ ...ACME, FIELDBIND_ACME_DNS_HOOK: '/x' }).acme?.challenge).toBe('dns-01');
  });

  it('behind a proxy leaves the port, and this machine where the proxy is on it', () => {
    const near = readConfig({ ...NAME, FIELDBIND_TRUSTED_PROXIES: '127.0.0.1, ::1' });
    expect(near).toMatchObject({ port: 4600, httpPort: undefined, host: '127.0.0.1', demo: false });
    expect(near.proxies).toEqual(['127.0.0.1', '::1']);
    const far = readConfig({ ...NAME, FIELDBIND_TRUSTED_PROXIES: '10.0.0.0/8' });
    expect(far).toMatchObject({ port: 4600, host: '::', verifierUrl: 'http://bind.example.org' });
  });

  it('left alone is this machine’s, with demo people', () => {
    expect(readConfig({})).toMatchObject({ port: 4600, host: '127.0.0.1', demo: true, httpPort: undefined });
    const said = readConfig({ FIELDBIND_PUBLIC_URL: 'http://localhost:4600' });
    expect(said).toMatchObject({ demo: false, host: '127.0.0.1', verifierUrl: 'http://localhost:4600' });
    expect(readConfig({ FIELDBIND_DEMO: '0', FIELDBIND_HOST: '0.0.0.0' }).host).toBe('0.0.0.0');
  });
});

describe('demo people', () => {
  it('are never together with real ones', async () => {
    const data = mkdtempSync(join(folder, 'real-'));
    const real = await startTestServer({ data, demo: false });
    const { people } = real.running.installation.stores;
    const person = { operator: 'otto', name: 'Otto', about: '', demoRole: null, revokedAt: null };
    await people.savePerson(person);
    await real.close();
    const both = startTestServer({ data });
    await expect(both).rejects.toThrow(ConfigError);
    await expect(both).rejects.toThrow('FIELDBIND_DEMO=0');
    const again = await startTestServer({ data, demo: false });
    expect(await again.running.installation.stores.people.person('ines')).toBeUndefined();
    await closeFaultless(again);
  });
});
