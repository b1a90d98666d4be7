import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { servePty } from '../../simulator/pty.ts';
import type { UartDevice } from '../../simulator/uart-sockets.ts';

const directory = mkdtempSync(join(tmpdir(), 'fieldbind-pty-test-'));
const path = process.env.PATH ?? '';
afterAll(() => {
  process.env.PATH = path;
  rmSync(directory, { recursive: true, force: true });
});

const SILENT: UartDevice = {
  attachUart: () => ({ send: async () => undefined, detach: () => undefined }),
  reset: () => undefined,
};
/** How long the slow socat takes to end. */
const SLOW_MS = 300;

/** The real socat, as it is on a busy machine: it ends a while after it was told to. */
function slowSocat(): void {
  const folder = join(directory, 'bin');
  mkdirSync(folder);
  const script = `#!/bin/sh
PATH='${path}'
socat "$@" &
trap 'sleep ${SLOW_MS / 1_000}; kill $!; wait $!; exit 0' TERM
wait $!
`;
  writeFileSync(join(folder, 'socat'), script);
  chmodSync(join(folder, 'socat'), 0o755);
  process.env.PATH = [folder, path].join(delimiter);
}

it('leaves its path to the next one, which keeps it', async () => {
  slowSocat();
  const tty = join(directory, 'tty');
  const first = await servePty(SILENT, tty, false);
  await first.close();
  const second = await servePty(SILENT, tty, false);
  await pause(2 * SLOW_MS);
  expect(existsSync(tty)).toBe(true);
  await second.close();
  expect(existsSync(tty)).toBe(false);
});

it('says so where nothing can be made at its path', async () => {
  const nowhere = join(directory, 'missing', 'tty');
  await expect(servePty(SILENT, nowhere, false)).rejects.toThrow(`no pseudo terminal at ${nowhere}`);
});
