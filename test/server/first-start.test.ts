import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { PATIENCE } from '../support/patience.ts';
import { serverPairs } from '../support/server-pairs.ts';
import { HOST } from '../support/tls-visit.ts';

const SERVER = join(import.meta.dirname, '../../server');

let folder: string;
let pair: { readonly certificateFile: string; readonly keyFile: string };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-first-start-'));
  pair = await (await serverPairs(folder)).make('own', HOST);
});
afterAll(() => rmSync(folder, { recursive: true }));

let child: ChildProcess | undefined;
afterEach(async () => {
  if (child === undefined || child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
});

/** Starts the program, and waits for words on its standard output. */
async function start(env: NodeJS.ProcessEnv, words: string) {
  const said = { out: '', error: '' };
  child = spawn(process.execPath, [join(SERVER, 'main.ts')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout?.on('data', (part) => {
    said.out += part;
  });
  child.stderr?.on('data', (part) => {
    said.error += part;
  });
  await vi.waitFor(() => expect(said.out + said.error).toContain(words), PATIENCE);
  return said;
}

it('with a public address it prints the link for the first administrator, to standard output only', async () => {
  const env = {
    PATH: process.env.PATH,
    FIELDBIND_DATA: join(folder, 'data'),
    FIELDBIND_PUBLIC_URL: `https://${HOST}`,
    FIELDBIND_HOST: '127.0.0.1',
    PORT: String(await freePort()),
    FIELDBIND_HTTP_PORT: String(await freePort()),
    FIELDBIND_TLS_CERT: pair.certificateFile,
    FIELDBIND_TLS_KEY: pair.keyFile,
  };
  const said = await start(env, 'Administration');
  const [link = ''] = /https:\/\/bind\.example\.test\/join#\S+/.exec(said.out) ?? [];
  expect(link).not.toBe('');
  expect(said.out.split(link)).toHaveLength(2);
  expect(said.error).not.toContain(link.split('#')[1] ?? '');
  expect(said.out).toContain(`Fieldbind is at https://${HOST}\n`);
  expect(said.out).not.toContain('Ines');
  const health = spawn(process.execPath, [join(SERVER, 'health.ts')], { env, stdio: 'ignore' });
  expect(await once(health, 'exit')).toEqual([0, null]);
});

it('left alone it has demo people, and no such link', async () => {
  const env = {
    PATH: process.env.PATH,
    FIELDBIND_DATA: join(folder, 'demo'),
    PORT: String(await freePort()),
  };
  const said = await start(env, 'Administration');
  expect(said.out).toContain('Sign in there as Ines');
  expect(said.out).not.toContain('/join#');
});

it('says in one sentence what it cannot be started with', async () => {
  const env = {
    PATH: process.env.PATH,
    FIELDBIND_DATA: join(folder, 'none'),
    FIELDBIND_PUBLIC_URL: 'https://10.0.0.5',
  };
  const said = await start(env, 'fieldbind: FIELDBIND_PUBLIC_URL');
  expect(said.error.trim().split('\n')).toHaveLength(1);
});
