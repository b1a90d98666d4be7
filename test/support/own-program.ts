import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE } from './patience.ts';

const PLACES = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/sbin'];

/** A foreign program that a test runs beside the server. */
export interface OwnProgram {
  readonly child: ChildProcess;
  /** What it has said so far. */
  said(): string;
  stop(): Promise<void>;
}

/** Starts it and waits until it listens. A program that is not there is an error, never a reason to skip. */
export async function startProgram(
  name: string,
  words: readonly string[],
  { debian, ports, env = {} }: { debian: string; ports: readonly number[]; env?: NodeJS.ProcessEnv },
): Promise<OwnProgram> {
  const path = PLACES.map((dir) => `${dir}/${name}`).find(existsSync);
  if (path === undefined) throw new Error(`${name} is not installed (Debian: apt install ${debian})`);
  const child = spawn(path, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let said = '';
  const hear = (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-200_000);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  const program: OwnProgram = {
    child,
    said: () => said,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
  for (let tries = 0; tries < PATIENCE / 50; tries++) {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
    if ((await Promise.all(ports.map((port) => answers(port)))).every(Boolean)) return program;
    await sleep(50);
  }
  await program.stop();
  throw new Error(`${name} does not answer: ${said}`);
}

/** Whether somebody listens there, on this machine: at a port, or at a socket's path. */
export function answers(at: number | string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection(typeof at === 'string' ? { path: at } : { port: at, host: '127.0.0.1' });
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
