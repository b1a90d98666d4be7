import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FOR_FAILOVER, type ForeignName, type ForeignProgram, PROGRAMS } from './programs.ts';

/** How the programs of one registry are had: what this machine must have, and what is then done. */
export interface Ecosystem {
  /** What is missing here, in a sentence; undefined where all is there. */
  readonly missing: () => string | undefined;
  /** Puts the program's commands into `bin` of the folder, or throws. */
  readonly install: (program: ForeignProgram, folder: string) => void;
  /** Whether what was once installed still runs: an interpreter may have gone from under it. */
  readonly runs: (program: ForeignProgram, folder: string) => boolean;
}

const CACHE = resolve('.cache/foreign');
/** Written last into a program's folder, so that an install that was cut short is none. */
const DONE = 'installed';

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function mustRun(command: string, args: readonly string[], env: Record<string, string> = {}): void {
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed${error ? `: ${error.message}` : ''}`);
}

const ECOSYSTEMS: Readonly<Record<ForeignProgram['ecosystem'], Ecosystem>> = {
  PyPI: {
    missing() {
      // The locks were made for it; an older Python needs more packages.
      if (!succeeds('python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 11))'))
        return 'Python 3.11 or newer is missing (python3; Debian: python3 python3-venv).';
      if (!succeeds('python3', '-c', 'import ensurepip, venv'))
        return "Python's own venv and ensurepip are missing (Debian: python3-venv).";
      return undefined;
    },
    install({ lock, fromSource }, folder) {
      mustRun('python3', ['-m', 'venv', folder]);
      const install = (...words: readonly string[]) =>
        mustRun(join(folder, 'bin/python'), [
          ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
          ...['--require-hashes', '--only-binary', ':all:', ...words],
        ]);
      if (fromSource === undefined) return install('--requirement', lock);
      // Else pip fetches what it builds with by itself, of any version.
      install('--requirement', fromSource.lock);
      const built = ['--no-binary', fromSource.packages.join(','), '--no-build-isolation'];
      return install(...built, '--requirement', lock);
    },
    runs: (_, folder) => succeeds(join(folder, 'bin/python'), '-c', 'pass'),
  },
  Go: {
    missing() {
      const { stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
      const [, major = 0, minor = 0] = /^go(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
      return Number(major) > 1 || Number(minor) >= 25
        ? undefined
        : 'Go 1.25 or newer is missing (go; from its makers, or Debian: golang-go where that is new enough).';
    },
    install({ package: command, lock }, folder) {
      // The module's own go.sum is held to, and nothing is updated on the way.
      mustRun('go', ['-C', lock, 'install', '-mod=readonly', '-trimpath', command], {
        GOBIN: join(folder, 'bin'),
        GOWORK: 'off',
        GOTOOLCHAIN: 'local',
      });
    },
    runs: ({ name }, folder) => existsSync(join(folder, 'bin', name)),
  },
};

/**
 * Installs every program that is not there whole, and gives the names of those that are still missing, having said why:
 * the caller fails on any, so that none is ever skipped in silence.
 */
export function ensureForeign(
  programs: readonly ForeignProgram[] = PROGRAMS,
  ecosystems: Readonly<Record<ForeignProgram['ecosystem'], Ecosystem>> = ECOSYSTEMS,
  cache = CACHE,
): readonly string[] {
  const wanted = programs.filter((program) => !isInstalled(program, ecosystems, cache));
  const lacking = new Map(
    [...new Set(wanted.map(({ ecosystem }) => ecosystem))].map((name) => [name, ecosystems[name].missing()]),
  );
  return wanted
    .filter((program) => {
      const reason = lacking.get(program.ecosystem) ?? attempt(program, ecosystems[program.ecosystem], cache);
      if (reason !== undefined)
        console.error(`Missing: ${program.name} of ${program.ecosystem}, for ${program.for}. ${reason}`);
      return reason !== undefined;
    })
    .map(({ name }) => name);
}

/** Installs one program anew; gives the reason where that cannot be done. */
function attempt(program: ForeignProgram, ecosystem: Ecosystem, cache: string): string | undefined {
  const folder = folderOf(program, cache);
  console.log(`Installing ${program.name} ${program.version} from ${program.ecosystem}…`);
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    ecosystem.install(program, folder);
    writeFileSync(join(folder, `${DONE}.part`), digestOf(program.lock));
    renameSync(join(folder, `${DONE}.part`), join(folder, DONE));
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.message}.` : 'It could not be installed.';
  }
}

function isInstalled(
  program: ForeignProgram,
  ecosystems: Readonly<Record<ForeignProgram['ecosystem'], Ecosystem>>,
  cache: string,
): boolean {
  const folder = folderOf(program, cache);
  const done = join(folder, DONE);
  return (
    existsSync(done) &&
    readFileSync(done, 'utf8') === digestOf(program.lock) &&
    ecosystems[program.ecosystem].runs(program, folder)
  );
}

function folderOf({ name, version }: ForeignProgram, cache: string): string {
  return join(cache, `${name}-${version}`);
}

/** Of all that pins a program: where a dependency alone was changed, it is installed anew as well. */
function digestOf(lock: string): string {
  const files = existsSync(join(lock, 'go.mod')) ? readdirSync(lock).map((name) => join(lock, name)) : [lock];
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/** Path of a command that an installed program brought. */
export function foreignCommand(name: ForeignName, command: string = name): string {
  const program = [...PROGRAMS, ...FOR_FAILOVER].find((one) => one.name === name);
  const path = program && join(folderOf(program, CACHE), 'bin', command);
  if (path === undefined || !existsSync(path))
    throw new Error(`${name} is not installed: what uses it does that first, as "npm run test:foreign"`);
  return path;
}
