import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
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
  /** What failed, said once more below the table: the rest of the output is often cut. */
  readonly failures: readonly string[];
}

/** What vitest's JSON reporter writes, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Lines of a failure that are said again. */
const FAILURE_LINES = 12;

const RESULTS = 'test/results';
/** Tests start servers and commands by the hundred, and each would strip the types of the same files anew: 0.3 s a time. */
const COMPILED = '.cache/compiled';
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
    failures: [],
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
  rmSync(file, { force: true }); // an earlier run's report says nothing of this one
  const env = { ...process.env, NODE_COMPILE_CACHE: resolve(COMPILED) };
  const { status } = spawnSync(bin('vitest'), args, { stdio: 'inherit', env });
  const report = read(file);
  const passed = report?.numPassedTests ?? 0;
  const failed = status === 0 && passed > 0 ? 0 : Math.max(1, report?.numFailedTests ?? 1);
  const seconds = (performance.now() - start) / 1000;
  return { name, passed, failed, seconds, failures: failed > 0 && report ? failuresOf(report) : [] };
}

/** The report of a run; undefined where the run ended before it could write one. */
function read(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

function failuresOf({ testResults }: Report): string[] {
  return testResults.flatMap((file) => {
    const where = relative('.', file.name);
    const tests = file.assertionResults.filter((test) => test.status === 'failed');
    return [
      ...(file.message === '' ? [] : [`${where}\n${shortened(file.message)}`]),
      ...tests.map((test) => `${where} > ${test.fullName}\n${shortened(test.failureMessages.join('\n'))}`),
    ];
  });
}

function shortened(message: string): string {
  return stripVTControlCharacters(message)
    .split('\n')
    .slice(0, FAILURE_LINES)
    .map((line) => `    ${line}`)
    .join('\n');
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
rmSync(COMPILED, { recursive: true, force: true }); // nothing else ever takes what is old out of it
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
for (const { name, failed, failures } of outcomes) {
  for (const failure of failures) console.log(`\nfailed in ${name}: ${failure}`);
  if (failed > 0 && failures.length === 0) console.log(`\nfailed in ${name}: its own output above says what`);
}
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
