import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesOneHost } from '../../server/faces/one-host.ts';
import { serverPair } from '../support/est.ts';
import { fuzzed } from '../support/fuzzing.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';

let folder: string;
let server: TestServer;
let port: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-hosts-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  const est = { ...(await serverPair(folder)), port: 0, host: '127.0.0.1' };
  server = await startTestServer({ dist: folder, publicUrl: 'https://field.example', est });
  port = server.running.port;
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

/** Status of what is answered to these lines, written as they are. */
async function answerTo(lines: readonly string[], at: 'http' | 'est' = 'http'): Promise<number> {
  const socket =
    at === 'http'
      ? connect(port, '127.0.0.1')
      : connectTls({ port: Number(new URL(server.running.estUrl ?? '').port), rejectUnauthorized: false });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let text = '';
  socket.on('error', reject);
  socket.on('close', () => resolve(0));
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1');
    const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
    if (status !== undefined) resolve(Number(status));
  });
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const status = await promise;
  socket.destroy();
  return status;
}

const ask = (path: string, host: string) =>
  answerTo([`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Accept: text/html']);
const OWN = () => ['field.example', `localhost:${port}`, `127.0.0.1:${port}`];
const FOREIGN = () => [
  'evil.example',
  `evil.example:${port}`,
  `127.0.0.1.evil.example:${port}`,
  `localhost.:${port}`,
  'field.example.evil.example',
  // Digits that are no address: resolvers take them for one, and a browser would name them otherwise.
  `2130706433:${port}`,
  `127.1:${port}`,
  `0x7f000001:${port}`,
];

describe('by a name that is not ours', () => {
  const PAGE = ['/', '/records', '/index.html'];

  it('nothing is answered that another page could learn from: no metrics, no health, no API', async () => {
    const paths = ['/metrics', '/healthz', '/api/sign-in', '/api/openapi.json'];
    for (const host of FOREIGN())
      for (const path of [...paths, '/api/nothing', '/api', '/%6detrics', '/api?x=1'])
        expect([host, path, await ask(path, host)]).toEqual([host, path, 403]);
    for (const host of OWN())
      for (const path of [...paths, ...PAGE])
        expect([host, path, await ask(path, host)]).toEqual([host, path, 200]);
  });

  it('the page is given, which says what to do where the address cannot work', async () => {
    for (const host of [...FOREIGN(), `10.0.0.5:${port}`])
      for (const path of PAGE) expect([host, path, await ask(path, host)]).toEqual([host, path, 200]);
    expect(await answerTo(['POST / HTTP/1.1', 'Host: evil.example', 'Content-Length: 0'])).toBe(403);
  });

  it('lists and certificates are given, since certificates name the address of their day', async () => {
    for (const host of [...FOREIGN(), ...OWN(), `[::1]:${port}`])
      for (const path of [
        '/crl/northfield.crl',
        '/ca/root.cer',
        '/ca/northfield/bundle.pem',
        '/ca/northfield/crls.pem',
      ])
        expect([host, path, await ask(path, host)]).toEqual([host, path, 200]);
    expect(await ask('/ocsp/MAA=', 'old.example')).toBe(200);
  });

  it('a watcher asks by a bare address, or by none, and calls nothing', async () => {
    const bare = ['10.0.0.5', `10.0.0.5:${port}`, '[2001:db8::1]', `[::1]:${port}`, ''];
    for (const host of bare) {
      for (const path of ['/metrics', '/healthz', '/metrics?x=1'])
        expect([host, path, await ask(path, host)]).toEqual([host, path, 200]);
      for (const path of ['/api/sign-in', '/api/session'])
        expect([host, path, await ask(path, host)]).toEqual([host, path, 403]);
    }
    expect(await answerTo(['GET /healthz HTTP/1.0'])).toBe(200);
    expect(await answerTo(['GET /api/sign-in HTTP/1.0'])).toBe(403);
  });
});

describe('a request that names two hosts', () => {
  const own = () => `Host: localhost:${port}`;

  it.each<[string, (host: string) => readonly string[]]>([
    ['in two lines', (host) => [host, 'Host: evil.example']],
    ['in two lines, ours last', (host) => ['Host: evil.example', host]],
    ['twice the same', (host) => [host, host]],
    ['in another case', (host) => [host, 'hOsT: evil.example']],
    ['in one line', (host) => [`${host}, evil.example`]],
    ['with a person before it', (host) => [host.replace('localhost', 'user@localhost')]],
    ['with a path behind it', (host) => [`${host}/..`]],
    ['with a space in it', (host) => [host.replace('local', 'local ')]],
  ])('%s is refused on every face', async (_, hosts) => {
    for (const path of ['/api/sign-in', '/', '/metrics', '/healthz', '/crl/northfield.crl', '/ca/root.cer'])
      expect([path, await answerTo([`GET ${path} HTTP/1.1`, ...hosts(own())])]).toEqual([path, 400]);
    const { port: estPort } = new URL(server.running.estUrl ?? '');
    const lines = [
      'GET /.well-known/est/northfield/cacerts HTTP/1.1',
      ...hosts(`Host: localhost:${estPort}`),
    ];
    expect(await answerTo(lines, 'est')).toBe(400);
  });

  it('in target and header is refused, and answered where both are one', async () => {
    const target = (authority: string, path = '/api/sign-in') =>
      answerTo([`GET http://${authority}${path} HTTP/1.1`, own()]);
    expect(await target(`localhost:${port}`)).toBe(200);
    expect(await target(`LOCALHOST:${port}`)).toBe(200);
    for (const other of [
      'evil.example',
      `evil.example:${port}`,
      'localhost',
      `user@localhost:${port}`,
      `127.0.0.1:${port}`,
    ])
      for (const path of ['/api/sign-in', '/ca/root.cer', '/metrics', '', '?x'])
        expect([other, path, await target(other, path)]).toEqual([other, path, 400]);
    expect(await answerTo([`GET ftp://localhost:${port}/api/sign-in HTTP/1.1`, own()])).toBe(400);
  });

  it('on the devices’ listener is refused in the target too, and one host is answered', async () => {
    const { port: estPort } = new URL(server.running.estUrl ?? '');
    const host = `Host: localhost:${estPort}`;
    const path = '/.well-known/est/northfield/cacerts';
    expect(await answerTo([`GET ${path} HTTP/1.1`, host], 'est')).toBe(200);
    expect(await answerTo([`GET https://evil.example${path} HTTP/1.1`, host], 'est')).toBe(400);
  });

  it('never passes, whatever the two are', () => {
    const name = fc.stringMatching(/^[a-z0-9.-]{1,20}(:\d{1,5})?$/);
    const other = fc.stringMatching(/^[\w.:[\]@, /-]{0,20}$/);
    fc.assert(
      fc.property(name, other, fc.constantFrom('Host', 'host', 'HOST'), (host, more, spelled) => {
        expect(namesOneHost({ rawHeaders: ['Host', host], url: '/x' })).toBe(true);
        expect(namesOneHost({ rawHeaders: ['Host', host, spelled, more], url: '/x' })).toBe(false);
        expect(namesOneHost({ rawHeaders: ['Host', host], url: `http://${host}/x` })).toBe(true);
        if (more.split(/[/?#]/)[0] !== host)
          expect(namesOneHost({ rawHeaders: ['Host', host], url: `http://${more}/x` })).toBe(false);
        // A value is no name, whatever stands in it.
        expect(namesOneHost({ rawHeaders: ['X', 'Host', 'Host', host], url: '/x' })).toBe(true);
      }),
      fuzzed(10_000),
    );
  });
});
