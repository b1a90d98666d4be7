import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Ecosystem, ensureForeign } from '../../tools/foreign/install.ts';
import { FOR_FAILOVER, type ForeignProgram, PROGRAMS } from '../../tools/foreign/programs.ts';

let folder: string;
let lock: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-foreign-'));
  lock = join(folder, 'lock.txt');
  writeFileSync(lock, 'guest==1.0');
  said = [];
  vi.spyOn(console, 'error').mockImplementation((line) => said.push(String(line)));
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const guest = (): ForeignProgram => ({
  name: 'guest',
  ecosystem: 'PyPI',
  package: 'guest',
  version: '1.0',
  lock,
  for: 'this test',
});
const bin = () => join(folder, 'cache/guest-1.0/bin');

/** A registry that counts what is asked of it. */
function registry(changes: Partial<Ecosystem> = {}): Ecosystem & { installs: number } {
  const made = {
    installs: 0,
    missing: () => undefined,
    install: (_: ForeignProgram, into: string) => {
      made.installs++;
      mkdirSync(join(into, 'bin'));
    },
    runs: () => existsSync(bin()),
    ...changes,
  };
  return made;
}
const ensure = (ecosystem: Ecosystem) =>
  ensureForeign([guest()], { PyPI: ecosystem, Go: ecosystem }, join(folder, 'cache'));

describe('foreign programs', () => {
  it('are installed once, and anew where their lock was changed or what they need has gone', () => {
    const there = registry();
    expect([ensure(there), ensure(there), there.installs]).toEqual([[], [], 1]);
    writeFileSync(lock, 'guest==1.0\nbrought==2.0');
    expect([ensure(there), there.installs]).toEqual([[], 2]);
    rmSync(bin(), { recursive: true });
    expect([ensure(there), there.installs]).toEqual([[], 3]);
  });

  it('are installed anew where an install was cut short', () => {
    const cut = registry({
      install: (_, into) => {
        mkdirSync(join(into, 'bin'));
        writeFileSync(join(into, 'bin/half'), '');
        throw new Error('the cable was pulled');
      },
    });
    expect(ensure(cut)).toEqual(['guest']);
    expect(said).toEqual(['Missing: guest of PyPI, for this test. the cable was pulled.']);
    const whole = registry();
    expect([ensure(whole), whole.installs]).toEqual([[], 1]);
    expect(existsSync(join(bin(), 'half'))).toBe(false);
  });

  it('are named where this machine lacks what installs them', () => {
    const lacking = registry({ missing: () => 'Python is missing (python3).' });
    expect([ensure(lacking), lacking.installs]).toEqual([['guest'], 0]);
    expect(said).toEqual(['Missing: guest of PyPI, for this test. Python is missing (python3).']);
  });

  it.each([...PROGRAMS, ...FOR_FAILOVER].map((program) => [program.name, program] as const))(
    '%s is pinned to the version that is told, with digests',
    (_, program) => {
      if (program.ecosystem === 'PyPI') {
        const text = readFileSync(program.lock, 'utf8');
        expect(text).toContain(`${program.package}==${program.version} \\\n    --hash=sha256:`);
      } else {
        expect(readFileSync(join(program.lock, 'go.mod'), 'utf8')).toContain(`v3 v${program.version} `);
        expect(readFileSync(join(program.lock, 'go.sum'), 'utf8')).toContain(`v${program.version} h1:`);
      }
    },
  );
});
