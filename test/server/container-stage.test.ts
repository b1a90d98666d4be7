import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { copies, last, ROOT } from '../support/containerfile.ts';
import { freePort } from '../support/free-port.ts';

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
    const env = { PATH: process.env.PATH ?? '', FIELDBIND_DATA: join(folder, 'data') };
    const healthy = (PORT: string) =>
      spawnSync(process.execPath, ['server/health.ts'], {
        cwd: folder,
        env: { ...env, PORT },
        encoding: 'utf8',
      }).status;
    let port = '';
    // Whoever comes between the look and the start may have the port; then another one is taken.
    for (let tries = 0; server === undefined && tries < 5; tries++) {
      port = String(await freePort());
      expect(healthy(port)).toBe(1);
      server = await listening(folder, { ...env, PORT: port });
    }
    if (server === undefined) throw new Error('no port stayed free');
    expect(healthy(port)).toBe(0);
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  } finally {
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The server, once it listens; undefined if another program has its port. */
async function listening(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess | undefined> {
  const server = spawn(process.execPath, ['server/main.ts'], { cwd: folder, env, stdio: 'pipe' });
  let errors = '';
  server.stderr.on('data', (bytes) => {
    errors += bytes;
  });
  for await (const line of createInterface(server.stdout)) if (line.includes(`:${env.PORT}`)) return server;
  server.kill('SIGKILL');
  if (errors.includes('EADDRINUSE')) return undefined;
  throw new Error(`it ended before it listened: ${errors}`);
}
