import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** How a run of one suite ended, for the table that `npm test` closes with. */
export interface RunReport {
  readonly passed: number;
  readonly failed: number;
  /** What failed: where, and the first lines of why. */
  readonly failures: readonly string[];
}

/** Lines of a failure that are said again. */
const LINES = 12;

/**
 * Writes a run's report into a file. vitest's own JSON leaves out what a hook of a `describe` threw, and then nothing says why
 * its tests did not run; here whatever failed counts and is named.
 */
export function runReporter(file: string): Reporter {
  return {
    onTestRunEnd(modules, unhandled) {
      const tests = modules.flatMap((module) => [...module.children.allTests()]);
      const failures = [
        ...modules.flatMap(failuresOf),
        ...unhandled.map((error) => told('outside of any test', [error])),
      ];
      const passed = tests.filter((test) => test.result().state === 'passed').length;
      writeFileSync(file, JSON.stringify({ passed, failed: failures.length, failures } satisfies RunReport));
    },
  };
}

function failuresOf(module: TestModule): string[] {
  const where = relative('.', module.moduleId);
  const suites = [...module.children.allSuites()].flatMap((suite) =>
    suite.errors().length === 0 ? [] : [told(`${where} > ${suite.fullName} > ${HOOK}`, suite.errors())],
  );
  const tests = [...module.children.allTests()].flatMap((test) => {
    const { state, errors } = test.result();
    return state === 'failed' ? [told(`${where} > ${test.fullName}`, errors)] : [];
  });
  const own = module.errors().length === 0 ? [] : [told(`${where} > loading or ${HOOK}`, module.errors())];
  return [...own, ...suites, ...tests];
}

const HOOK = 'a hook (beforeAll, afterAll), so that its tests may not have run';

function told(where: string, errors: readonly SerializedError[] | undefined): string {
  const lines = (errors ?? [])
    .map(({ message, stack }) => stack ?? message)
    .flatMap((text) => stripVTControlCharacters(text).split('\n'))
    .slice(0, LINES);
  return [where, ...lines.map((line) => `    ${line}`)].join('\n');
}
