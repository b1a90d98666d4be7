import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { launchWithDevices } from '../support/device-browser.ts';
import { type DelayProxy, startDelayProxy } from './delay-proxy.ts';

const HERE = import.meta.dirname;
/** Where both servers leave a profile of what they spent, if anywhere (as in served.ts). */
const profiles = process.env.BENCH_PROFILES;
const PROFILING = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
const PAGE = '<!doctype html><title>bench</title><script type=module src=/ours.js></script>';

/** The real browser before the real server and PouchDB's, each in a process of its own behind a road of a given length. */
export interface Stage {
  readonly server: DelayProxy & { readonly url: string };
  readonly pouchdb: DelayProxy & { readonly url: string };
  /** The browser on the stage's one profile, started anew: what it kept in memory is gone. */
  restart(): Promise<BrowserContext>;
  page(url: string): Promise<Page>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-bench-'));
  const dist = join(folder, 'dist');
  mkdirSync(dist);
  writeFileSync(join(dist, 'index.html'), PAGE);
  const scripts = await Promise.all([
    bundle('page/ours.ts', join(dist, 'ours.js')),
    bundle('page/workbox-worker.ts', join(dist, 'workbox-worker.js')),
    bundle('page/pouchdb.ts', join(folder, 'pouchdb.js')),
  ]);
  const children: ChildProcess[] = [];
  const start = async (file: string, args: readonly string[]) => {
    const child = spawn(process.execPath, [...PROFILING, join(HERE, file), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return Number(String(line).trim());
  };
  let serverPort = 0;
  let pouchPort = 0;
  const roads = await Promise.all([startDelayProxy(() => serverPort), startDelayProxy(() => pouchPort)]);
  const urls = roads.map(({ port }) => `http://localhost:${port}`) as [string, string];
  [serverPort, pouchPort] = await Promise.all([
    start('server-peer.ts', [join(folder, 'data'), dist, urls[0]]),
    start('pouchdb-peer.ts', [scripts[2]]),
  ]);
  let context: BrowserContext | undefined;
  const restart = async () => {
    await context?.close();
    context = await launchWithDevices(join(folder, 'profile'), {});
    return context;
  };
  return {
    server: { ...roads[0], url: urls[0] },
    pouchdb: { ...roads[1], url: urls[1] },
    restart,
    async page(url) {
      const page = await (context ?? (await restart())).newPage();
      await page.goto(url);
      return page;
    },
    async close() {
      await context?.close();
      for (const road of roads) await road.close();
      for (const child of children) {
        child.stdin?.end();
        if (child.exitCode === null) await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** One script, bundled as the app is. */
export async function bundle(entry: string, file: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: join(HERE, entry), formats: ['es'], fileName: 'script' },
    },
  });
  const outputs = Array.isArray(result)
    ? result.flatMap((one) => one.output)
    : 'output' in result
      ? result.output
      : [];
  writeFileSync(file, outputs.find((one) => one.type === 'chunk')?.code ?? '');
  return file;
}
