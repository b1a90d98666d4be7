import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { copies, last, ROOT } from '../support/containerfile.ts';

/** The container file's last stage holds all that the server needs. */
it('holds all that the server needs: its last stage starts, is well, and ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-image-'));
  let server: ChildProcess | undefined;
  try {
    for (const { from, to } of copies(last()))
      for (const path of from) {
        const target = to.endsWith('/') ? join(folder, to, path) : join(folder, to);
        mkdirSync(dirname(target), { recursive: true });
        cpSync(join(ROOT, path), target, { recursive: true, filter: (one) => !one.includes('node_modules') });
      }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    // Below those that the system gives to whoever asks for any.
    const port = String(20_000 + (process.pid % 12_000));
    const env = { PATH: process.env.PATH ?? '', PORT: port, FIELDBIND_DATA: join(folder, 'data') };
    const healthy = () =>
      spawnSync(process.execPath, ['server/health.ts'], { cwd: folder, env, encoding: 'utf8' }).status;
    expect(healthy()).toBe(1);
    server = spawn(process.execPath, ['server/main.ts'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (server.stdout === null) throw new Error('no output');
    for await (const line of createInterface(server.stdout)) if (line.includes(`:${port}`)) break;
    expect(healthy()).toBe(0);
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  } finally {
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
