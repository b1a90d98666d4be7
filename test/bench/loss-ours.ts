import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { type MortalBrowser, mortalBrowser } from '../support/mortal-browser.ts';
import { faultsBy, type LossStage, loadOurs, seeded } from './loss-stage.ts';

/** What happens to the phone while it saves and sends; each ends with SIGKILL at a random moment. */
const TURNS = ['plain', 'two tabs', 'worker killed', 'database closed', 'quota full', 'upgrade'] as const;
type Turn = (typeof TURNS)[number];

const AT_MOST = 120_000;
const LONGEST_FAULT = 5_000;

export interface LossFigures {
  readonly trials: number;
  /** Records that the phone said were saved. */
  readonly records: number;
  readonly lost: number;
  /** How often the browser itself lost its database in a kill, and records without a second copy by then. */
  readonly databasesLost: number;
  readonly lostUncopied: number;
  readonly doubled: number;
  readonly resends: number;
}

/** At least `trials` kills and `records` records, then quiet: everything that was "Saved" must be there, once. */
export async function tortureOurs(
  stage: LossStage,
  terms: { readonly trials: number; readonly records: number; readonly seed?: number },
): Promise<LossFigures> {
  const random = seeded(terms.seed ?? 1);
  const browser = mortalBrowser();
  const phone: Phone = { saved: new Set(), copied: new Set(), uncopied: new Set(), databasesLost: 0 };
  const { saved } = phone;
  try {
    await prepareOnce(stage, browser);
    const most = Math.max(20, Math.ceil(terms.records / terms.trials));
    let trials = 0;
    for (; trials < terms.trials || saved.size < terms.records; trials++) {
      const turn = TURNS[trials % TURNS.length] ?? 'plain';
      await oneTrial({ stage, browser, turn, random, phone, most });
    }
    await drainInPeace(stage, browser, phone);
    const { ids, doubled } = stage.count();
    const lost = [...saved].filter((id) => !ids.has(id)).length;
    const lostUncopied = [...phone.uncopied].filter((id) => !ids.has(id)).length;
    const { databasesLost } = phone;
    const { resends } = stage.road;
    return { trials, records: saved.size, lost, databasesLost, lostUncopied, doubled, resends };
  } finally {
    stage.road.fail(undefined);
    await browser.close();
  }
}

async function openApp(stage: LossStage, context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(stage.road.url);
  await loadOurs(page);
  return page;
}

async function prepareOnce(stage: LossStage, browser: MortalBrowser): Promise<void> {
  const page = await openApp(stage, await browser.open());
  await page.evaluate(() => bench.prepare('ines'));
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await browser.kill();
}

/** What a phone has said so far. */
interface Phone {
  /** Said to be saved. */
  readonly saved: Set<string>;
  /** Those that stand in the second copy too. */
  readonly copied: Set<string>;
  /** Said to be saved, and not in the second copy yet when the browser lost its whole database: nobody could keep them. */
  readonly uncopied: Set<string>;
  databasesLost: number;
}

/** Starts the app after a kill. Where Chromium lost its database, what had a second copy must be there all the same. */
async function startAgain(page: Page, phone: Phone): Promise<void> {
  if (await page.evaluate(() => bench.prepare('ines'))) return;
  phone.databasesLost++;
  for (const id of phone.saved) {
    if (phone.copied.has(id)) continue;
    phone.saved.delete(id);
    phone.uncopied.add(id);
  }
}

interface Trial {
  readonly stage: LossStage;
  readonly browser: MortalBrowser;
  readonly turn: Turn;
  readonly random: () => number;
  readonly phone: Phone;
  /** Records captured at most. */
  readonly most: number;
}

async function oneTrial({ stage, browser, turn, random, phone, most }: Trial): Promise<void> {
  stage.road.fail(undefined);
  const context = await browser.open();
  await context.exposeBinding('saved', (_source, id: string) => void phone.saved.add(id));
  await context.exposeBinding('copied', (_source, id: string) => void phone.copied.add(id));
  const page = await openApp(stage, context);
  await startAgain(page, phone);
  stage.road.fail(faultsBy(random, /^\/api\/(?:records|changes)/));
  const pages = turn === 'two tabs' ? [page, await openApp(stage, context)] : [page];
  for (const one of pages) void one.evaluate(toil, most).catch(() => undefined); // it ends by the kill
  await sleep(100 + random() * 500);
  // What the fault does to our own means is not the point: some of them it never answers.
  await Promise.race([disturb(stage, page, turn, most).catch(() => undefined), sleep(LONGEST_FAULT)]);
  await sleep(random() * 900);
  await browser.kill();
}

function toil(most: number): Promise<void> {
  const { saved } = globalThis as unknown as { saved(id: string): Promise<void> };
  return bench.toil((id) => void saved(id), most);
}

async function disturb(stage: LossStage, page: Page, turn: Turn, most: number): Promise<void> {
  switch (turn) {
    case 'plain':
    case 'two tabs':
      return;
    case 'worker killed': {
      const session = await page.context().newCDPSession(page);
      await page.evaluate(async () => Object(await navigator.serviceWorker.ready).sync.register('outbox'));
      await session.send('ServiceWorker.enable');
      await session.send('ServiceWorker.stopAllWorkers');
      return;
    }
    case 'database closed':
      await page.evaluate(() => {
        const { transaction } = IDBDatabase.prototype;
        IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args) {
          if (Math.random() < 0.1) this.close();
          return transaction.apply(this, args);
        };
      });
      return;
    case 'quota full': {
      const session = await page.context().newCDPSession(page);
      await session.send('Storage.overrideQuotaForOrigin', { origin: stage.road.url, quotaSize: 1024 });
      return;
    }
    case 'upgrade':
      // A newer build of the worker is found, takes over and the page starts anew in the middle of its work.
      appendFileSync(join(stage.dist, 'sw.js'), '\n// a newer version\n');
      await page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        await registration?.update();
        (registration?.installing ?? registration?.waiting)?.postMessage({ type: 'SKIP_WAITING' });
      });
      await page.reload();
      await loadOurs(page);
      void page.evaluate(toil, most).catch(() => undefined);
  }
}

/** A good line at last: drains until nothing waits. */
async function drainInPeace(stage: LossStage, browser: MortalBrowser, phone: Phone): Promise<void> {
  stage.road.fail(undefined);
  const context = await browser.open();
  await context.exposeBinding('copied', (_source, id: string) => void phone.copied.add(id));
  const page = await openApp(stage, context);
  await startAgain(page, phone);
  const unsent = await page.evaluate(async (limit) => {
    const until = performance.now() + limit;
    for (;;) {
      await bench.tryDrain();
      const { unsent } = await bench.summary();
      if (unsent === 0 || performance.now() > until) return unsent;
    }
  }, AT_MOST);
  if (unsent > 0) throw new Error(`${unsent} records were still not sent`);
  await browser.kill();
}
