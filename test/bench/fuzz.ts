import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from './report.ts';

/** What vitest's JSON reporter writes, as far as it is read here. */
interface Counted {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

/** Fuzzing in full: every test that follows test/support/fuzzing.ts, with all of its inputs. Fails where one fails. */
export async function benchFuzz(): Promise<Report> {
  const seed = process.env.TEST_FUZZ_SEED ?? String(randomInt(2 ** 31));
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-fuzz-'));
  try {
    const report = join(folder, 'report.json');
    const projects = ['pure', 'process', 'server'].flatMap((name) => ['--project', name]);
    const args = ['run', ...projects, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const start = performance.now();
    const { status } = spawnSync('node_modules/.bin/vitest', [...args, ...fuzzingFiles()], {
      stdio: 'inherit',
      env: { ...process.env, TEST_FUZZ: 'full', TEST_FUZZ_SEED: seed },
    });
    if (status !== 0)
      throw new Error(`fuzzing found something; TEST_FUZZ_SEED=${seed} makes its inputs again`);
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as Counted;
    const seconds = Math.round((performance.now() - start) / 1000);
    return {
      name: 'fuzz',
      ratios: {},
      figures: { passed: numPassedTests, failed: numFailedTests, seed: Number(seed), seconds },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Those that ask how many inputs to try, themselves or through test/device/fuzz.ts. */
function fuzzingFiles(): string[] {
  return globSync('test/**/*.test.ts').filter((file) =>
    /from '[./]+(?:support\/fuzzing|fuzz)\.ts'/.test(readFileSync(file, 'utf8')),
  );
}
