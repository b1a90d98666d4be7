import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { buildIsStale, buildPage } from './build-state.ts';
import { ensureParts } from './parts.ts';

/**
 * `npm test`: types, lint, unit and server tests (on both databases), storage in the browser, the browser end to end, foreign programs. One table at the end says what
 * ran. `--only NAME` runs one of them.
 */
interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

const RESULTS = 'test/results';
const bin = (name: string) => `node_modules/.bin/${name}`;

/** A tool that either passes or fails as a whole. */
function tool(name: string, command: string, args: readonly string[]): Outcome {
  const start = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  return {
    name,
    passed: status === 0 ? 1 : 0,
    failed: status === 0 ? 0 : 1,
    seconds: (performance.now() - start) / 1000,
  };
}

/** A vitest project, counted by test. A run that executes nothing has failed. */
function suite(name: string): Outcome {
  const start = performance.now();
  const file = `${RESULTS}/${name}.json`;
  const args = [
    'run',
    '--project',
    name,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const { status } = spawnSync(bin('vitest'), args, { stdio: 'inherit' });
  const { passed, failed } = counts(file);
  const broken = status === 0 && passed > 0 ? 0 : Math.max(1, failed);
  return { name, passed, failed: broken, seconds: (performance.now() - start) / 1000 };
}

function counts(file: string): { passed: number; failed: number } {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
    };
    return { passed: report.numPassedTests, failed: report.numFailedTests };
  } catch {
    return { passed: 0, failed: 1 }; // it ended before it could report
  }
}

const STAGES: Record<string, () => Outcome> = {
  types: () => tool('types', bin('tsc'), ['-b']),
  lint: () => tool('lint', bin('biome'), ['ci', '--error-on-warnings', '.']),
  unit: () => suite('unit'),
  postgres: () => suite('postgres'),
  browser: () => suite('browser'),
  e2e: () => suite('e2e'),
  interop: () => suite('interop'),
};

mkdirSync(RESULTS, { recursive: true });
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const names = Object.keys(STAGES).filter((name) => only === undefined || name === only);
if (names.length === 0)
  throw new Error(`no such stage: ${only}. There are ${Object.keys(STAGES).join(', ')}.`);
if (ensureParts().length > 0) process.exit(1);
if (buildIsStale()) await buildPage();

const outcomes = names.map((name) => STAGES[name]?.()).filter((outcome) => outcome !== undefined);
const width = Math.max(...outcomes.map((outcome) => outcome.name.length));
console.log(`\n${'what'.padEnd(width)}  passed  failed  seconds`);
for (const { name, passed, failed, seconds } of outcomes) {
  console.log(
    `${name.padEnd(width)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}  ${seconds.toFixed(1).padStart(7)}`,
  );
}
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
