import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compressPage } from '../../tools/compress-page.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

// The page as it goes over the wire: what the build compressed is sent compressed, to whoever takes it.
let server: TestServer;
const dist = mkdtempSync(join(tmpdir(), 'fieldbind-page-'));
const SCRIPT = `export const words = ${JSON.stringify('bind the right device at the right place '.repeat(200))};`;
const PICTURE = Uint8Array.from({ length: 400 }, (_, i) => (i * 7919) % 251);

beforeAll(async () => {
  mkdirSync(join(dist, 'assets'));
  writeFileSync(join(dist, 'index.html'), `<!doctype html><title>page</title>${'<p>page</p>'.repeat(50)}`);
  writeFileSync(join(dist, 'assets', 'main-a1B2c3D4.js'), SCRIPT);
  writeFileSync(join(dist, 'icon.png'), PICTURE);
  writeFileSync(join(dist, 'tiny.js'), '1');
  await compressPage(dist);
  server = await startTestServer({ dist });
});
afterAll(async () => {
  await server.close();
  rmSync(dist, { recursive: true, force: true });
});

interface Answer {
  readonly coding: string | undefined;
  readonly vary: string | undefined;
  readonly cache: string | undefined;
  readonly type: string | undefined;
  readonly body: Buffer;
}

/** Nothing here unpacks the body, as a browser or `fetch` would. */
function ask(path: string, accepted?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'text/html',
      ...(accepted === undefined ? {} : { 'accept-encoding': accepted }),
    };
    const sent = request(server.url + path, { headers }, async (answer) => {
      const parts: Uint8Array[] = [];
      for await (const part of answer) parts.push(part as Uint8Array);
      const { headers: said } = answer;
      resolve({
        coding: said['content-encoding'],
        vary: said.vary,
        cache: said['cache-control'],
        type: said['content-type'],
        body: Buffer.concat(parts),
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

it('sends brotli to whoever takes it, gzip to whoever takes only that, and the file itself to others', async () => {
  const path = '/assets/main-a1B2c3D4.js';
  const br = await ask(path, 'gzip, deflate, br');
  expect(br).toMatchObject({ coding: 'br', cache: 'public, max-age=31536000, immutable' });
  expect(br.type).toMatch(/^(?:text|application)\/javascript/);
  expect(br.vary?.toLowerCase()).toContain('accept-encoding');
  expect(brotliDecompressSync(br.body).toString()).toBe(SCRIPT);
  const gz = await ask(path, 'gzip');
  expect([gz.coding, gunzipSync(gz.body).toString()]).toEqual(['gzip', SCRIPT]);
  for (const plain of [await ask(path), await ask(path, 'identity')])
    expect([plain.coding, plain.body.toString()]).toEqual([undefined, SCRIPT]);
  expect(br.body.length).toBeLessThan(SCRIPT.length / 10);
});

it('sends every screen compressed, since each is the app itself', async () => {
  const whole = readFileSync(join(dist, 'index.html'), 'utf8');
  for (const path of ['/', '/places', '/bind/practice']) {
    const { coding, cache, type, body } = await ask(path, 'br');
    expect([path, coding, cache]).toEqual([path, 'br', 'no-cache']);
    expect(type).toContain('text/html');
    expect(brotliDecompressSync(body).toString()).toBe(whole);
  }
});

it('leaves alone what compression does not make smaller', async () => {
  for (const [path, bytes] of [
    ['/icon.png', Buffer.from(PICTURE)],
    ['/tiny.js', Buffer.from('1')],
  ] as const) {
    const { coding, body } = await ask(path, 'br, gzip');
    expect([path, coding, body.equals(bytes)]).toEqual([path, undefined, true]);
  }
});
