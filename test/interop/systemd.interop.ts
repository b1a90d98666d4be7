import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../server/command-line.ts';
import { type Ran, run } from '../support/openssl.ts';

/** systemd's own scale of what a service could do to its machine, from 0 to 10; without a word of ours it says 9.6. */
const MOST_EXPOSED = 2;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-unit-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a unit as `setup` does, and gives its path. */
async function unit(name: string, ...words: string[]): Promise<string> {
  const out = join(folder, name);
  const code = await runCommandLine(
    ['setup', '--public', 'https://field.example.org', '--folder', out, ...words],
    {
      env: {
        ...{ FIELDBIND_PUBLIC_URL: 'https://field.example.org', FIELDBIND_ACME: 'ops@example.org' },
        FIELDBIND_ACME_DIRECTORY: 'https://127.0.0.1:1/',
      },
      print: () => undefined,
      complain: (line) => {
        throw new Error(line);
      },
    },
  );
  // The name resolves nowhere, which keeps it from no file.
  expect(code).toBe(1);
  return join(out, 'fieldbind.service');
}

const analyze = (...words: string[]): Promise<Ran> => run('systemd-analyze', words);

async function exposure(path: string): Promise<number> {
  const { out } = await analyze('security', '--offline=yes', '--no-pager', path);
  return Number(/Overall exposure level for \S+: ([\d.]+)/.exec(out)?.[1] ?? 'not told');
}

describe('the unit that setup writes', () => {
  it.each([
    ['with a certificate of its own', ['--email', 'ops@example.org']],
    ['behind a proxy', ['--proxies', '127.0.0.1']],
    ['with its data elsewhere', ['--email', 'ops@example.org', '--data', '/srv/fieldbind']],
  ])('%s is understood by systemd, which finds it shut in', async (name, words) => {
    const path = await unit(name.replaceAll(' ', '-'), ...words);
    // It says what it does not know, and what it will not follow.
    expect(await analyze('verify', path)).toEqual({ code: 0, out: '' });
    expect(await exposure(path)).toBeLessThanOrEqual(MOST_EXPOSED);
  });

  it('would be found out if it were open, or wrong', async () => {
    const text = readFileSync(await unit('whole', '--email', 'ops@example.org'), 'utf8');
    const open = join(folder, 'open.service');
    writeFileSync(
      open,
      text.replaceAll(/^(?:Protect|Private|Restrict|SystemCall|Capability|Dynamic).*$/gm, ''),
    );
    expect(await exposure(open)).toBeGreaterThan(5);
    const wrong = join(folder, 'wrong.service');
    writeFileSync(wrong, text.replace('ProtectSystem=strict', 'ProtectSystem=very'));
    expect((await analyze('verify', wrong)).out).toContain('Failed to parse');
  });

  it('comes with a command that a shell can read', async () => {
    const path = (await unit('command', '--email', 'ops@example.org')).replace(/\.service$/, '');
    expect(await run('sh', ['-n', path])).toEqual({ code: 0, out: '' });
  });
});
