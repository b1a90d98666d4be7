import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildIsStale, buildPage } from './build-state.ts';
import { ensureForeign } from './foreign/install.ts';
import { ensureParts } from './parts.ts';
import type { RunReport } from './run-report.ts';

/**
 * `npm test`: types, lint, and every suite of vitest.config.ts, with one table at the end that says what ran. On PostgreSQL runs
 * what depends on it; with `--all` every file of the server does. `npm run check` is the part that needs nothing but Node.js.
 */
const USAGE = 'usage: npm test -- [--all] [--only STAGE[,STAGE…]]';

interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** What failed, said once more below the table: the rest of the output is often cut. */
  readonly failures: readonly string[];
}

const RESULTS = 'test/results';
/** Tests start servers and commands by the hundred, and each would strip the types of the same files anew: 0.3 s a time. */
const COMPILED = '.cache/compiled';
/** Of this run's inputs that nobody wrote; see test/support/fuzzing.ts. */
const SEED = process.env.TEST_FUZZ_SEED ?? String(randomInt(2 ** 31));
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
  // Of this run alone: one that was killed may have left processes that still end in a report.
  const file = resolve(RESULTS, `${name}.${process.pid}.json`);
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE: resolve(COMPILED),
    TEST_REPORT: file,
    TEST_FUZZ_SEED: SEED,
  };
  const { status } = spawnSync(bin('vitest'), ['run', '--project', name], { stdio: 'inherit', env });
  const report = read(file);
  rmSync(file, { force: true });
  const { passed = 0, failures = [] } = report ?? {};
  const failed = status === 0 && passed > 0 ? 0 : Math.max(1, report?.failed ?? 1);
  return { name, passed, failed, seconds: (performance.now() - start) / 1000, failures };
}

/** The report of a run; undefined where the run ended before it could write one. */
function read(file: string): RunReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunReport;
  } catch {
    return undefined;
  }
}

/** Those that need Node.js and nothing else: no other program, no built page. */
const ALONE: readonly string[] = ['types', 'lint', 'pure'];

const STAGES: Record<string, () => Outcome> = {
  types: () => tool('types', bin('tsc'), ['-b']),
  lint: () => tool('lint', bin('biome'), ['ci', '--error-on-warnings', '.']),
  pure: () => suite('pure'),
  process: () => suite('process'),
  server: () => suite('server'),
  postgres: () => suite('postgres'),
  'postgres-all': () => suite('postgres-all'),
  browser: () => suite('browser'),
  e2e: () => suite('e2e'),
  interop: () => suite('interop'),
};
/** Run only by name: it asks registries for programs the first time (tools/foreign/programs.ts). */
const APART: Record<string, () => Outcome> = { foreign: () => suite('foreign') };

/** The stages that are asked for. Throws where there is something that it does not know. */
function stagesAsked(words: readonly string[]): string[] {
  const { values } = parseArgs({
    args: [...words],
    options: { all: { type: 'boolean' }, only: { type: 'string' } },
  });
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !(name in STAGES) && !(name in APART));
  if (unknown !== undefined) throw new Error(`there is no stage "${unknown}"`);
  const left = values.all ? 'postgres' : 'postgres-all';
  if (only !== undefined) return Object.keys({ ...STAGES, ...APART }).filter((name) => only.includes(name));
  return Object.keys(STAGES).filter((name) => name !== left);
}

let names: string[] = [];
try {
  names = stagesAsked(process.argv.slice(2));
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  console.error(`${why}\n${USAGE}\nstages: ${Object.keys({ ...STAGES, ...APART }).join(', ')}`);
  process.exit(2);
}
mkdirSync(RESULTS, { recursive: true });
rmSync(COMPILED, { recursive: true, force: true }); // nothing else ever takes what is old out of it
if (names.some((name) => !ALONE.includes(name))) {
  if (ensureParts().length > 0) process.exit(1);
  if (buildIsStale()) await buildPage();
}
if (names.includes('foreign') && ensureForeign().length > 0) process.exit(1);
console.log(`fuzz seed: ${SEED} (TEST_FUZZ_SEED=${SEED} makes the same inputs)`);

const outcomes = names
  .map((name) => (STAGES[name] ?? APART[name])?.())
  .filter((outcome) => outcome !== undefined);
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
console.log(`\nfuzz seed: ${SEED}`);
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
