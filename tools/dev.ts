import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'vite';
import { PROXIED, proxyTo } from './dev-proxy.ts';

/**
 * `npm run dev`: the page from its sources, renewed as they change, with the server behind it. The server is started beside it
 * as `npm start` would, on PORT, and again when its sources change; DEV_BACKEND names one that runs elsewhere instead.
 */
const ROOT = new URL('..', import.meta.url).pathname;
const port = Number(process.env.DEV_PORT ?? 4610);
const own = process.env.DEV_BACKEND === undefined;
const backend = process.env.DEV_BACKEND ?? `http://localhost:${process.env.PORT ?? 4600}`;

const page = await createServer({
  root: ROOT,
  // A port of its own: a service worker that a built page left at the server's address would answer with that page.
  server: { port, strictPort: true, host: 'localhost', proxy: { [PROXIED]: proxyTo(new URL(backend)) } },
});
try {
  await page.listen();
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  console.error(`fieldbind: the page cannot listen on port ${port} (${why}); set DEV_PORT to another one`);
  process.exit(1);
}
const server = own ? startServer() : undefined;
console.log(`\n  The page from its sources is at http://localhost:${port}, its API at ${backend}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server?.kill('SIGTERM');
    void page.close().then(() => process.exit(0));
  });
}
// However this ends, the server does not stay behind.
process.once('exit', () => server?.kill('SIGTERM'));

/** Node's own watcher starts it again when a file changes that it has read. */
function startServer(): ChildProcess {
  const args = ['--watch', '--watch-preserve-output', 'server/main.ts'];
  return spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
}
