import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONTAINERFILE, copies, last, nameOf, ROOT, stages } from '../support/containerfile.ts';

/**
 * The container file is read here: it names only what is there. test/server/container-stage.test.ts copies what its last stage copies,
 * and starts that. No test builds the image: its base, `npm ci` inside it and its user are seen by whoever builds it.
 */
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
    const makes = { '/app/node_modules': 'npm ci', '/app/dist': 'node tools/build.ts' }[path] ?? 'nothing';
    expect(runs.some((run) => run.startsWith(makes))).toBe(true);
  }
  expect(taken.length).toBe(2);
});

it('runs only programs that are there, as nobody special', () => {
  const programs = [...CONTAINERFILE.matchAll(/node"?,? "?([a-z]+\/[\w/.-]+\.ts)/g)].map(
    (match) => match[1] ?? '',
  );
  expect(programs).toEqual(['tools/build.ts', 'server/health.ts', 'server/main.ts']);
  expect(programs.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const verbs = last().map(({ verb }) => verb);
  expect(last().find(({ verb }) => verb === 'USER')?.words).toEqual(['node']);
  expect(verbs.indexOf('USER')).toBeGreaterThan(verbs.lastIndexOf('RUN'));
});
