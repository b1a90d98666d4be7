import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { type MortalBrowser, mortalBrowser } from '../support/mortal-browser.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { faultsBy, type LossStage, loadOurs, seeded } from './loss-stage.ts';
import { bundle } from './stage.ts';

const A_TRIAL = 20;

export interface PeerTerms {
  readonly trials: number;
  readonly seed?: number;
}

/** workbox-background-sync at its defaults, with the same server, the same faults and the same kills. Gives how many it lost. */
export async function tortureWorkbox(stage: LossStage, { trials, seed = 1 }: PeerTerms): Promise<number> {
  const random = seeded(seed);
  const browser = mortalBrowser();
  const queued = new Set<string>();
  try {
    for (let trial = 0; trial <= trials; trial++) {
      stage.road.fail(undefined);
      const page = await openWorkbox(stage, browser);
      if (trial === trials) {
        await page.evaluate(async () => {
          for (let i = 0; i < 100 && (await tell({ count: true })) !== 0; i++) await tell({ replay: true });
        });
        break;
      }
      const made = await page.evaluate(async (count) => {
        const loose = await bench.loose(count);
        await tell({ push: loose.map(({ body }) => body) });
        return loose.map(({ id }) => id);
      }, A_TRIAL);
      for (const id of made) queued.add(id);
      stage.road.fail(faultsBy(random, /^\/api\/records/));
      void page.evaluate(() => tell({ replay: true })).catch(() => undefined); // it ends by the kill
      await sleep(50 + random() * 500);
      await browser.kill();
    }
    const { ids } = stage.count();
    return [...queued].filter((id) => !ids.has(id)).length;
  } finally {
    stage.road.fail(undefined);
    await browser.close();
  }
}

declare global {
  /** Speaks to the worker of page/workbox-worker.ts. */
  function tell(command: object): Promise<unknown>;
}

async function openWorkbox(stage: LossStage, browser: MortalBrowser): Promise<Page> {
  const page = await (await browser.open()).newPage();
  await page.goto(`${stage.road.url}/peer.html`);
  await loadOurs(page);
  await page.evaluate(async () => {
    await bench.prepare('ines');
    const { trustedTypes } = globalThis as unknown as { trustedTypes: Policies };
    const policy = trustedTypes.createPolicy('fieldbind', { createScriptURL: (url) => url });
    await navigator.serviceWorker.register(policy.createScriptURL('/workbox-worker.js'));
    const { active } = await navigator.serviceWorker.ready;
    globalThis.tell = (command) =>
      new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => resolve(data);
        active?.postMessage(command, [port2]);
      });
  });
  return page;
}

/** Trusted Types (not in TypeScript's types). */
export interface Policies {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/** PouchDB at its defaults, with a server of its own kind, the same faults and the same kills. Gives how many it lost. */
export async function torturePouchdb({ trials, seed = 1 }: PeerTerms): Promise<number> {
  const random = seeded(seed);
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-loss-pouchdb-'));
  const child = spawnPeer(await bundle('page/pouchdb.ts', join(folder, 'pouchdb.js')));
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const port = Number(String(line).trim());
  const road = await startFaultProxy(() => port);
  const browser = mortalBrowser();
  const put = new Set<string>();
  try {
    for (let trial = 0; trial < trials; trial++) {
      road.fail(undefined);
      const context = await browser.open();
      await context.exposeBinding('saved', (_source, id: string) => void put.add(id));
      const page = await context.newPage();
      await page.goto(road.url);
      road.fail(faultsBy(random, /^\/db\//));
      void page.evaluate(pouchToil).catch(() => undefined); // it ends by the kill
      await sleep(200 + random() * 1000);
      await browser.kill();
    }
    road.fail(undefined);
    const page = await (await browser.open()).newPage();
    await page.goto(road.url);
    await page.evaluate(() => pouch.drain());
    const answer = await fetch(`http://127.0.0.1:${port}/db/records/_all_docs`);
    const { rows } = (await answer.json()) as { rows: { id: string }[] };
    const there = new Set(rows.map(({ id }) => id));
    return [...put].filter((id) => !there.has(id)).length;
  } finally {
    await browser.close();
    await road.close();
    child.stdin?.end();
    if (child.exitCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function pouchToil(): Promise<void> {
  const { saved } = globalThis as unknown as { saved(id: string): Promise<void> };
  void (async () => {
    for (;;) {
      await pouch.drain().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  })();
  for (;;) {
    const id = crypto.randomUUID();
    await pouch.put(id);
    void saved(id);
  }
}

function spawnPeer(script: string): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'pouchdb-peer.ts'), script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
