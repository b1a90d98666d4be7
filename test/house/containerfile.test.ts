import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

/** The container file names only what is there, and its last stage holds all that the server needs. */
const ROOT = new URL('../..', import.meta.url).pathname;
const TEXT = readFileSync(join(ROOT, 'Containerfile'), 'utf8');

interface Step {
  readonly verb: string;
  readonly words: readonly string[];
}

function stages(): Step[][] {
  const lines = TEXT.replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const all: Step[][] = [];
  for (const line of lines) {
    const [verb = '', ...words] = line.split(/\s+/);
    if (verb === 'FROM') all.push([]);
    all.at(-1)?.push({ verb, words });
  }
  return all;
}

const nameOf = ([from]: readonly Step[]) => (from?.words[1] === 'AS' ? from.words[2] : undefined);
const copies = (stage: readonly Step[]) =>
  stage.flatMap(({ verb, words }) =>
    verb === 'COPY' && !words[0]?.startsWith('--')
      ? [{ from: words.slice(0, -1), to: words.at(-1) ?? '' }]
      : [],
  );
const last = () => stages().at(-1) ?? [];

it('copies only what is there', () => {
  const sources = stages()
    .flatMap(copies)
    .flatMap(({ from }) => from);
  expect(sources.length).toBeGreaterThan(10);
  expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it('takes from a stage that is there what this stage makes', () => {
  const names = stages().map(nameOf);
  const taken = last().flatMap(({ verb, words }) =>
    verb === 'COPY' && words[0]?.startsWith('--from=') ? [words] : [],
  );
  for (const [from = '', path = ''] of taken) {
    const stage = stages()[names.indexOf(from.slice('--from='.length))];
    const runs = (stage ?? []).filter(({ verb }) => verb === 'RUN').map(({ words }) => words.join(' '));
    const makes =
      { '/app/node_modules': 'npm install', '/app/dist': 'node tools/build.ts' }[path] ?? 'nothing';
    expect(runs.some((run) => run.startsWith(makes))).toBe(true);
  }
  expect(taken.length).toBe(2);
});

it('runs only programs that are there, as nobody special', () => {
  const programs = [...TEXT.matchAll(/node"?,? "?([a-z]+\/[\w/.-]+\.ts)/g)].map((match) => match[1] ?? '');
  expect(programs).toEqual(['tools/build.ts', 'server/health.ts', 'server/main.ts']);
  expect(programs.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const verbs = last().map(({ verb }) => verb);
  expect(last().find(({ verb }) => verb === 'USER')?.words).toEqual(['node']);
  expect(verbs.indexOf('USER')).toBeGreaterThan(verbs.lastIndexOf('RUN'));
});

it('holds all that the server needs: its last stage starts, is well, and ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-image-'));
  let server: ChildProcess | undefined;
  try {
    for (const { from, to } of copies(last()))
      for (const path of from) {
        const target = to.endsWith('/') ? join(folder, to, path) : join(folder, to);
        mkdirSync(dirname(target), { recursive: true });
        cpSync(join(ROOT, path), target, { recursive: true, filter: (one) => !one.includes('node_modules') });
      }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    // Below those that the system gives to whoever asks for any.
    const port = String(20_000 + (process.pid % 12_000));
    const env = { PATH: process.env.PATH ?? '', PORT: port, FIELDBIND_DATA: join(folder, 'data') };
    const healthy = () =>
      spawnSync(process.execPath, ['server/health.ts'], { cwd: folder, env, encoding: 'utf8' }).status;
    expect(healthy()).toBe(1);
    server = spawn(process.execPath, ['server/main.ts'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (server.stdout === null) throw new Error('no output');
    for await (const line of createInterface(server.stdout)) if (line.includes(`:${port}`)) break;
    expect(healthy()).toBe(0);
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  } finally {
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
