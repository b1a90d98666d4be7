import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API, type Operation } from '../../contract/api.ts';
import { serverPair } from '../support/est.ts';
import { run } from '../support/openssl.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';

let folder: string;
let server: TestServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-methods-'));
  const pair = await serverPair(folder);
  // With a built page, whose files are looked for under every path that a GET names.
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  server = await startTestServer({ dist: folder, est: { ...pair, port: 0, host: '127.0.0.1' } });
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

/** Status and `Allow`; by Node itself, since fetch sends no TRACE. */
function call(method: string, path: string): Promise<{ status: number; allow: string; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { method }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      resolve({ status: answer.statusCode ?? 0, allow: answer.headers.allow ?? '', body });
    });
    sent.on('error', reject).end();
  });
}

/** What each path of the API takes, a HEAD with every GET. */
function taken(): Map<string, string> {
  const found = new Map<string, string[]>();
  for (const { method, path } of Object.values<Operation>(API)) {
    const methods = method === 'GET' ? ['GET', 'HEAD'] : [method];
    found.set(path, [...(found.get(path) ?? []), ...methods]);
  }
  return new Map([...found].map(([path, methods]) => [path, methods.sort().join(', ')]));
}

describe('a method that a path does not take', () => {
  it('is refused as that, with the methods that it takes, on every path of the API', async () => {
    for (const [path, allow] of taken()) {
      const at = path.replaceAll(/:\w+/g, 'x');
      const others = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'TRACE', 'QUERY'];
      for (const method of others.filter((one) => !allow.split(', ').includes(one))) {
        const answer = await call(method, `${at}?org=northfield`);
        expect([method, path, answer.status, answer.allow]).toEqual([method, path, 405, allow]);
        expect(JSON.parse(answer.body)).toMatchObject({ code: 'method_not_allowed', status: 405 });
      }
    }
  });

  it('is refused for what verifiers fetch too', async () => {
    for (const path of ['/ca/root.cer', '/ca/northfield/bundle.pem', '/crl/northfield.crl', '/healthz'])
      expect(await call('DELETE', path)).toMatchObject({ status: 405, allow: 'GET, HEAD' });
    expect(await call('DELETE', '/ocsp')).toMatchObject({ status: 405, allow: 'POST' });
  });

  it('is refused on the devices’ own port', async () => {
    const { out } = await run('curl', [
      ...['--silent', '--insecure', '--write-out', '%{http_code} %header{allow}', '--output', '/dev/null'],
      `${server.running.estUrl}/.well-known/est/simpleenroll`,
    ]);
    expect(out).toBe('405 POST');
  });

  it('leaves the page to itself, and "not found" to what is not there', async () => {
    expect(await call('GET', '/index.html')).toMatchObject({ status: 200 });
    for (const path of ['/api/nothing', '/ca', '/nothing.js'])
      expect(await call('GET', path)).toMatchObject({ status: 404, allow: '' });
    for (const path of ['/api/nothing', '/ca', '/nothing'])
      expect(await call('DELETE', path)).toMatchObject({ status: 404, allow: '' });
  });
});
