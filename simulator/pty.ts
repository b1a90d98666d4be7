import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { serveUart, type UartDevice } from './uart-sockets.ts';

export interface DevicePty {
  readonly path: string;
  /** Cuts whoever has it open; the pty comes back at the same path. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * The device's UART as a pseudo terminal at `path`. Node cannot make one, so socat (Debian package `socat`) does, and
 * connects to us only once somebody opened the far end (`wait-slave`): that is when the cable is in. When they close
 * it socat ends, and a new one takes its place.
 *
 * @throws Error that names socat if it is not installed, or the path if nothing can be made there
 */
export async function servePty(device: UartDevice, path: string, resetOnOpen: boolean): Promise<DevicePty> {
  const directory = mkdtempSync(join(tmpdir(), 'fieldbind-pty-'));
  const socketPath = join(directory, 'uart');
  const server = await serveUart(device, { path: socketPath }, resetOnOpen);
  let closing = false;
  let socat: ChildProcess | undefined;
  let failure: Error | undefined;
  let isMade = false;
  let ended: Promise<void> = Promise.resolve();
  const start = () => {
    if (closing) return;
    const terminal = `PTY,link=${path},rawer,wait-slave,pty-interval=0.02`;
    // -t0: gone at once when they close, not half a second later.
    socat = spawn('socat', ['-t0', terminal, `UNIX-CONNECT:${socketPath}`], { stdio: 'ignore' });
    const started = socat;
    ended = new Promise((resolve) => {
      started.once('error', (error) => {
        failure = error;
        resolve();
      });
      started.once('exit', (code) => {
        // Before anybody opened it, it ends only where it could not make one.
        if (!isMade) failure ??= new Error(`socat ended with ${code}`);
        resolve();
        setTimeout(start, 20);
      });
    });
  };
  start();
  const close = async () => {
    closing = true;
    socat?.kill();
    // It removes the link as it ends: one that ended later would take the link of the next pseudo terminal at this path.
    await ended;
    await server.close();
    rmSync(directory, { recursive: true, force: true });
    rmSync(path, { force: true });
  };
  while (!existsSync(path)) {
    if (failure !== undefined) {
      const cause = failure;
      await close();
      const isMissing = 'code' in cause && cause.code === 'ENOENT';
      throw new Error(
        isMissing
          ? 'A pseudo terminal needs the program socat, which is not installed: apt install socat.'
          : `socat made no pseudo terminal at ${path}.`,
        { cause },
      );
    }
    await pause(20);
  }
  isMade = true;
  return { path, cut: () => server.cut(), close };
}
