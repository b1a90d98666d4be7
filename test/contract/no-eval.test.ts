import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('parsing makes no code: it works where eval is forbidden, as the page forbids it', () => {
  const contract = new URL('../../contract/', import.meta.url).href;
  // Node itself would choose another check for `parse`; this is the page's.
  const program = `
    const { check } = await import('${contract}interpreted-check.ts');
    const parse = (schema, value) => (check(schema, value) ? value : undefined);
    const { WorkPack } = await import('${contract}work-pack.ts');
    const { Problem } = await import('${contract}problem.ts');
    let forbidden = false;
    try { new Function('return 1')(); } catch { forbidden = true; }
    const problem = { type: 'a', title: 't', status: 400, code: 'conflict', detail: 'd' };
    console.log(forbidden, parse(Problem, problem) === problem, parse(WorkPack, {}) === undefined);`;
  const args = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', program];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()).toBe('true true true');
});
