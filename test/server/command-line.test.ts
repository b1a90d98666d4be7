import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fieldbindProcess } from '../support/command-process.ts';
import { commandUsages } from '../support/command-usages.ts';
import { databaseOf } from '../support/database.ts';
import { fieldbind } from '../support/server.ts';

/** Other tests run commands inside their own process. These start it, for what a process alone has. */
let data: string;
let databaseUrl: string;
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-command-'));
  databaseUrl = (await databaseOf(data)) ?? '';
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

const run = (...words: readonly string[]) =>
  fieldbindProcess(words, { FIELDBIND_DATA: data, FIELDBIND_DATABASE_URL: databaseUrl });

it('prints results to standard output and ends with 0, as it does inside another process', async () => {
  const help = await run('help');
  expect(help).toMatchObject({ code: 0, stderr: '' });
  const named = [...help.stdout.matchAll(/^ {2}(\S.*?) {2,}\S.*$/gm)].map((match) => match[1] ?? '');
  expect(named.length).toBeGreaterThan(40);
  expect(named.sort()).toEqual([...commandUsages()].sort());
  expect(await fieldbind(data, ['help'])).toEqual({ code: 0, out: help.stdout });
  const made = await run('org', 'create', 'west', '--title', 'West');
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('created west') });
  // The folder and the database are those of its environment: another one finds there what it made.
  expect((await fieldbind(data, ['ca', 'list'], databaseUrl)).out).toContain('west');
});

it('says a mistake in one sentence on standard error, and ends with 2', async () => {
  const without = await run('org', 'create', 'east');
  expect(without).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^fieldbind: --title is missing\n$/),
  });
  const unknown = await run('nothing', 'like', 'this');
  expect(unknown).toMatchObject({ code: 2, stderr: '', stdout: expect.stringContaining('org create') });
});

it('reads its environment: what is set wrongly there is named', async () => {
  const { code, stdout, stderr } = await fieldbindProcess(['ca', 'list'], {
    FIELDBIND_DATA: data,
    PORT: 'many',
  });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^fieldbind: PORT [^\n]*\n$/);
});
