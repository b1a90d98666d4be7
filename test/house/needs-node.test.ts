import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** On which Node.js it runs is said in one place and meant in all. */
const ROOT = new URL('../..', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { engines, scripts, dependencies } = JSON.parse(read('package.json')) as {
  engines: { node: string };
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
};
// Plain JavaScript, so it has no types.
const { nodeFault } = (await import(join(ROOT, 'needs-node.mjs'))) as {
  nodeFault: (version: string) => string | undefined;
};
const NEEDED = Number(/^>=(\d+)$/.exec(engines.node)?.[1]);

it('is refused below what package.json says, in one sentence that says how to get it', () => {
  expect(NEEDED).toBeGreaterThan(0);
  for (const version of ['18.20.8', '20.20.2', '22.23.3', `${NEEDED - 1}.99.0`]) {
    const fault = nodeFault(version);
    expect(fault).toContain(`this is Node.js ${version}, but ${NEEDED} or newer is needed`);
    expect(fault).toContain('npm ci');
    expect(fault).not.toContain('\n');
  }
  for (const version of [`${NEEDED}.0.0`, `${NEEDED + 1}.1.0`, process.versions.node])
    expect(nodeFault(version)).toBeUndefined();
});

it('is the same for version managers, the container and the Node.js that npm brings', () => {
  expect(read('.nvmrc').trim()).toBe(String(NEEDED));
  expect(dependencies.node).toMatch(new RegExp(`^${NEEDED}\\.`));
  const images = [...read('Containerfile').matchAll(/^FROM \S*node:(\d+)/gm)].map((match) => match[1]);
  expect(new Set(images)).toEqual(new Set([String(NEEDED)]));
});

it('is asked for before any TypeScript: every npm command starts with JavaScript that asks', () => {
  const started = Object.values(scripts).flatMap((script) =>
    [...script.matchAll(/\bnode (\S+)/g)].map((match) => match[1] ?? ''),
  );
  expect(started.length).toBeGreaterThan(5);
  expect(started.filter((file) => !file.endsWith('.mjs'))).toEqual([]);
  const entries = ['server', 'tools'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => `${folder}/${file}`),
  );
  expect([...new Set(started)].filter((file) => !entries.includes(file))).toEqual([]);
  for (const entry of entries) {
    const imports = [...read(entry).matchAll(/^import (?:.* from )?'([^']+)'/gm)].map((match) => match[1]);
    expect(imports).toContain('../needs-node.mjs');
    // What is imported at the top is loaded before the question is asked.
    expect(imports.filter((name) => name?.endsWith('.ts'))).toEqual([]);
  }
});
