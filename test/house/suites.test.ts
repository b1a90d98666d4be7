import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { type Files, SUITES } from '../suites.ts';
import { namesIn } from '../support/imports.ts';

/** The suites are what they say: `npm run check` runs the pure one, on any machine and in little time. */
const ROOT = new URL('../..', import.meta.url).pathname;

/** Modules that start a process or open a socket. */
const IMPURE: ReadonlySet<string> = new Set([
  ...['child_process', 'cluster', 'net', 'tls', 'dgram', 'http', 'https', 'http2'].map(
    (name) => `node:${name}`,
  ),
  ...['fastify', 'mqtt', 'pg', 'playwright', 'playwright-core', 'vite'],
]);

type Read = (file: string) => string | undefined;
const read: Read = (file) =>
  existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), 'utf8') : undefined;

/** How a file comes to a process or a socket, import by import; undefined if it does not. Types take nothing along. */
function wayOut(file: string, from: Read = read): string[] | undefined {
  const before = new Map<string, string | undefined>([[file, undefined]]);
  // A map's keys are walked in the order they were added, those that are added meanwhile too.
  for (const at of before.keys()) {
    for (const { name, typeOnly } of namesIn(from(at) ?? '')) {
      if (typeOnly) continue;
      if (IMPURE.has(name)) return [...wayTo(at, before), name];
      const next = normalize(join(dirname(at), name));
      if (name.startsWith('.') && /\.tsx?$/.test(name) && !before.has(next)) before.set(next, at);
    }
  }
  return undefined;
}

function wayTo(file: string, before: ReadonlyMap<string, string | undefined>): string[] {
  const earlier = before.get(file);
  return earlier === undefined ? [file] : [...wayTo(earlier, before), file];
}

function filesOf({ include, exclude }: Files): string[] {
  const left = new Set(globSync([...exclude], { cwd: ROOT }));
  return globSync([...include], { cwd: ROOT }).filter((file) => !left.has(file));
}

it('takes every file once', () => {
  const { pure, process, server } = SUITES;
  const taken = [pure, process, server].flatMap(filesOf);
  const all = globSync('test/**/*.test.ts', { cwd: ROOT }).filter(
    (file) => !file.startsWith('test/foreign/'),
  );
  expect(taken.sort()).toEqual(all.sort());
});

it('names only files that are there', () => {
  const named = Object.values(SUITES).flatMap(({ include, exclude }) => [...include, ...exclude]);
  expect(named.filter((file) => !file.includes('*') && !existsSync(join(ROOT, file)))).toEqual([]);
});

it('keeps processes and sockets out of what is pure', () => {
  const out = filesOf(SUITES.pure).flatMap((file) => wayOut(file)?.join(' → ') ?? []);
  expect(out).toEqual([]);
});

it('leaves nothing out of what is pure without need', () => {
  const kept = [SUITES.process, SUITES.server].flatMap(filesOf).filter((file) => wayOut(file) === undefined);
  expect(kept).toEqual([]);
});

it('would notice a process behind an import, and none behind a type', () => {
  const planted: Readonly<Record<string, string>> = {
    'test/a.test.ts': "import { b } from './support/b.ts';",
    'test/support/b.ts': "import type { Server } from 'node:net';\nexport { c } from './c.ts';",
    'test/support/c.ts': "import { spawn } from 'node:child_process';",
    'test/typed.test.ts': "import type { b } from './support/c.ts';\nimport { join } from 'node:path';",
  };
  const from: Read = (file) => planted[file];
  expect(wayOut('test/a.test.ts', from)).toEqual([
    ...['test/a.test.ts', 'test/support/b.ts', 'test/support/c.ts'],
    'node:child_process',
  ]);
  expect(wayOut('test/typed.test.ts', from)).toBeUndefined();
});
