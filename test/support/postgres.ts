import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { cpuOfTree } from './process-use.ts';

const DEBIAN = '/usr/lib/postgresql';

/** A PostgreSQL server of a test, with a folder and a socket of its own. */
export interface TestPostgres {
  /** Of the database that every server has from the start. */
  readonly address: string;
  /** Makes an empty database and gives its address. */
  database(): Promise<string>;
  /** Ends it as an operator would who does not wait: connections are cut. */
  stop(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** CPU seconds its processes have used so far. */
  cpuSeconds(): number;
  /** Stops it and removes everything. */
  remove(): Promise<void>;
}

function program(name: string): string {
  const newest = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) throw new Error('PostgreSQL is not installed (Debian: postgresql)');
  return join(DEBIAN, newest, 'bin', name);
}

/** It refuses to run as root; Debian's package brings a user for it. */
function user(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (what: string) => Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

const PREFIX = 'fieldbind-postgres-';
/** Holds the process that will end the server in this folder. */
const OWNER = 'owner.pid';

/** Ends and removes what runs left behind that were killed: their servers go on without them. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    const owner = firstNumber(join(folder, OWNER));
    if (owner === undefined || isAlive(owner)) continue;
    const server = firstNumber(join(folder, 'data', 'postmaster.pid'));
    // A number may be another process's by now; the server's own command names its folder.
    if (server !== undefined && commandOf(server).includes(folder)) process.kill(server, 'SIGQUIT');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function firstNumber(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** `durable`: with fsync, as for measurements; tests only ever kill processes, which loses nothing without. */
export async function startPostgres({ durable = false } = {}): Promise<TestPostgres> {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(folder, OWNER), String(process.pid));
  const as = user();
  if (as.uid !== undefined && as.gid !== undefined) chownSync(folder, as.uid, as.gid);
  const data = join(folder, 'data');
  const quiet = { ...as, cwd: folder, stdio: 'ignore' } as const;
  execFileSync(
    program('initdb'),
    ['-D', data, '-U', 'fieldbind', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    quiet,
  );
  const address = (name: string) => `postgres:///${name}?host=${encodeURIComponent(folder)}&user=fieldbind`;
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    fsync: durable ? 'on' : 'off',
    max_connections: '200',
  };
  let child: ChildProcess | undefined;
  let databases = 0;

  async function start(): Promise<void> {
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    child = spawn(program('postgres'), ['-D', data, ...args], quiet);
    const ended = new Promise<never>((_, reject) => {
      child?.once('exit', (code) => reject(new Error(`PostgreSQL ended with ${code}`)));
    });
    ended.catch(() => undefined);
    // It says that it is ready on a pipe that only its own tools read; asking is the documented other way.
    while (!(await Promise.race([ended, answers(address('postgres'))])));
  }

  async function stop(): Promise<void> {
    const ending = child;
    if (ending === undefined || ending.exitCode !== null) return;
    const ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill('SIGINT');
    await ended;
  }

  await start();
  return {
    address: address('postgres'),
    start,
    stop,
    async database() {
      const name = `test_${++databases}`;
      await query(address('postgres'), `create database ${name}`);
      return address(name);
    },
    cpuSeconds: () => cpuOfTree(child?.pid ?? 0),
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One statement over a connection of its own: what a test looks at behind the store's back. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await query(url, 'select 1');
    return true;
  } catch {
    return false;
  }
}
