import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { databaseOf } from './database.ts';

const CHILD = join(import.meta.dirname, 'server-crash-child.ts');

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Asks it to end, and waits. */
  stop(): Promise<void>;
}

/** Starts one over a data folder; it kills itself after `step`, if one is named. */
export async function startProcess(
  data: string,
  step = 'none',
  settings: Readonly<Record<string, string>> = {},
  /** Descriptors that it may open. */
  descriptors?: number,
): Promise<ServerProcess> {
  const env = { ...process.env, ...settings, FIELDBIND_DATABASE_URL: (await databaseOf(data)) ?? '' };
  const command = [process.execPath, CHILD, data, step];
  const limited = descriptors === undefined ? [] : ['sh', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh'];
  const [program = '', ...words] = [...limited, ...command];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const url = await firstLine(child);
  return {
    url,
    child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('no output');
  for await (const line of createInterface(stdout)) return line;
  throw new Error('the server did not start');
}
