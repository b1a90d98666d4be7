import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROXIED } from '../../tools/dev-proxy.ts';
import { freePort } from '../support/free-port.ts';

/** `npm run dev`: the page from its sources, and the server behind it as if it were one. */
const ROOT = new URL('../..', import.meta.url).pathname;

let dev: ChildProcess;
let data: string;
let page: string;
let backend: string;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-dev-'));
  const [pagePort, serverPort] = [await freePort(), await freePort()];
  page = `http://localhost:${pagePort}`;
  backend = `http://localhost:${serverPort}`;
  dev = start({ DEV_PORT: String(pagePort), PORT: String(serverPort) });
  await said(dev, `Fieldbind is at ${backend}`);
});
afterAll(async () => {
  const ended = once(dev, 'exit');
  dev.kill('SIGTERM');
  await ended;
  await expect(fetch(`${backend}/healthz`)).rejects.toThrow();
  rmSync(data, { recursive: true, force: true });
});

function start(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['tools/dev.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, FIELDBIND_DATA: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for a line with these words, on either output, and lets the rest flow away. */
function said(child: ChildProcess, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null)
        createInterface(stream).on('line', (line) => line.includes(words) && resolve(line));
    child.once('exit', (code) => reject(new Error(`it ended with ${code} before it said "${words}"`)));
  });
}

const signIn = (origin: string, site = 'same-origin') =>
  fetch(`${page}/api/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin, 'sec-fetch-site': site },
    body: JSON.stringify({ operator: 'ines' }),
  });

it('serves sources as they are, and renews them', async () => {
  const index = await (await fetch(page, { headers: { accept: 'text/html' } })).text();
  expect(index).toContain('/@vite/client');
  const screen = await (await fetch(`${page}/src/ui/screens/insecure.tsx`)).text();
  expect(screen.includes('import.meta.hot.accept')).toBe(true);
});

it('signs in through it, and stays signed in', async () => {
  const answer = await signIn(page);
  expect(answer.status).toBe(200);
  const cookie = answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  expect(cookie).not.toBe('');
  expect((await fetch(`${page}/api/session`, { headers: { cookie } })).status).toBe(200);
});

it('lets no other page in', async () => {
  expect((await signIn('https://elsewhere.example', 'cross-site')).status).toBe(403);
  expect((await signIn(page, 'cross-site')).status).toBe(403);
});

it('has all that the server answers behind it', async () => {
  expect(await (await fetch(`${page}/ca/northfield/bundle.pem`)).text()).toContain('BEGIN CERTIFICATE');
  expect((await fetch(`${page}/healthz`)).status).toBe(200);
  const faces = /FACES = \/\^\\\/\(\?:([^)]+)\)/.exec(
    readFileSync(join(ROOT, 'server/faces/http/page-files.ts'), 'utf8'),
  )?.[1];
  expect(PROXIED).toContain(`(?:${faces})`);
});

it('says in one sentence that its port is in use', async () => {
  const second = start({ DEV_PORT: new URL(page).port, PORT: new URL(backend).port });
  expect(await said(second, 'set DEV_PORT')).toMatch(/^fieldbind: the page cannot listen on port \d+/);
});
