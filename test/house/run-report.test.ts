import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunReport } from '../../tools/run-report.ts';

/** What failed in a run is counted and named, a hook too: the tests behind it did not run, and that must not look like peace. */
const ROOT = new URL('../..', import.meta.url).pathname;
// Below the project, so that a planted file finds vitest; what is in test/results is nobody's test.
const PLACE = join(ROOT, 'test/results');

const PLANTED = `
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
it('passes', () => {});
it('fails', () => expect(1).toBe(2));
describe('behind a door', () => {
  beforeAll(() => { throw new Error('the door is shut'); });
  it('never runs', () => {});
});
describe('before a mess', () => {
  afterAll(() => { throw new Error('it was left so'); });
  it('passes too', () => {});
});
`;
const CONFIG = `
import { runReporter } from '${join(ROOT, 'tools/run-report.ts')}';
export default { test: { include: ['*.planted.js'], reporters: [runReporter(process.env.TEST_REPORT)] } };
`;

let folder: string;
let report: RunReport;
beforeAll(() => {
  mkdirSync(PLACE, { recursive: true });
  folder = mkdtempSync(join(PLACE, 'planted-'));
  writeFileSync(join(folder, 'vitest.config.ts'), CONFIG);
  writeFileSync(join(folder, 'hooks.planted.js'), PLANTED);
  writeFileSync(join(folder, 'broken.planted.js'), 'this is no JavaScript');
  const file = join(folder, 'report.json');
  const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run'], {
    cwd: folder,
    env: { PATH: process.env.PATH, TEST_REPORT: file },
  });
  expect(status).toBe(1);
  report = JSON.parse(readFileSync(file, 'utf8')) as RunReport;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const about = (word: string) => report.failures.filter((failure) => failure.includes(word));

it('counts what passed and every single thing that failed', () => {
  expect([report.passed, report.failed, report.failures.length]).toEqual([2, 4, 4]);
});

it('names a test, a hook before tests, one behind them, and a file that cannot be read', () => {
  expect(about('> fails\n')).toEqual([expect.stringContaining('expected 1 to be 2')]);
  expect(about('behind a door')).toEqual([
    expect.stringMatching(/> behind a door > a hook .*\n.*the door is shut/),
  ]);
  expect(about('before a mess')).toEqual([
    expect.stringMatching(/> before a mess > a hook .*\n.*it was left so/),
  ]);
  expect(about('broken.planted.js > loading')).toHaveLength(1);
});
