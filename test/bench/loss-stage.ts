import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Page } from 'playwright-core';
import type { ServeOptions } from '../../server/serve.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { FAULTS, type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { bundle } from './stage.ts';

/** The real server with the real page, and the field between it and the browser. */
export interface LossStage {
  readonly server: TestServer;
  readonly road: FaultProxy;
  readonly dist: string;
  /** Record ids with the server, and how many ids or devices it holds twice. */
  count(): { readonly ids: ReadonlySet<string>; readonly doubled: number };
  close(): Promise<void>;
}

export async function openLossStage(options: Pick<ServeOptions, 'clock' | 'demo'> = {}): Promise<LossStage> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-loss-'));
  const dist = join(folder, 'dist');
  const data = join(folder, 'data');
  cpSync('dist', dist, { recursive: true });
  writeFileSync(join(dist, 'peer.html'), '<!doctype html><title>peer</title>');
  await bundle('page/ours.ts', join(dist, 'ours.js'));
  await bundle('page/workbox-worker.ts', join(dist, 'workbox-worker.js'));
  let port = 0;
  const road = await startFaultProxy(() => port);
  const server = await startTestServer({ ...options, data, dist, publicUrl: road.url });
  port = server.running.port;
  return {
    server,
    road,
    dist,
    count() {
      const file = new Sqlite(join(data, 'fieldbind.sqlite'), { readonly: true });
      const all = (text: string) => file.prepare(text).all() as { id: string }[];
      const ids = all('select id from records').map(({ id }) => id);
      const twice = [
        'select id from envelopes where code is null group by id having count(*) > 1',
        'select udid as id from records group by udid having count(*) > 1',
      ];
      const doubled = twice.reduce((sum, text) => sum + all(text).length, 0);
      file.close();
      return { ids: new Set(ids), doubled };
    },
    async close() {
      await road.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Our storage and sync into a page of ours, beside what the app itself runs. As text: a bundler would rewrite the import. */
export async function loadOurs(page: Page): Promise<void> {
  await page.evaluate("import('/ours.js').then(() => undefined)");
}

/** Every third request or so meets one of the faults; the same seed, the same run of them. */
export function faultsBy(random: () => number, path: RegExp): (asked: string) => Fault | undefined {
  return (asked) =>
    path.test(asked) && random() < 0.35 ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined;
}

/** Mulberry32: small, and the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
