import type { Page } from 'playwright-core';
import type { Policies } from './loss-peers.ts';
import type { OurBench } from './page/ours.ts';
import type { PouchBench } from './page/pouchdb.ts';
import type { Report } from './report.ts';
import { openStage, type Stage } from './stage.ts';

declare global {
  // What the bundled pages put there.
  var bench: OurBench;
  var pouch: PouchBench;
}

const ROUND_TRIP = 150;
/** One request a record takes as long for each, so a part of them tells; all would take an hour. */
const ONE_BY_ONE = 300;

/** `drain`: how long until every record is with the server, beside what others would use for it, in one run. */
export async function benchDrain(words: readonly string[]): Promise<Report> {
  const at = words.indexOf('--records');
  const records = at < 0 ? 10_000 : Number(words[at + 1]);
  const stage = await openStage();
  try {
    const far = await round(stage, ROUND_TRIP, records);
    const near = await round(stage, 0, records);
    const per = (one: { sent: number; ms: number }) => one.ms / one.sent;
    return {
      name: 'drain',
      ratios: {
        speedup_vs_single_150ms: twoDigits(per(far.single) / per(far.ours)),
        speedup_vs_workbox_150ms: twoDigits(per(far.workbox) / per(far.ours)),
        speedup_vs_pouchdb_150ms: twoDigits(per(far.pouchdb) / per(far.ours)),
        speedup_vs_single_0ms: twoDigits(per(near.single) / per(near.ours)),
        speedup_vs_workbox_0ms: twoDigits(per(near.workbox) / per(near.ours)),
        speedup_vs_pouchdb_0ms: twoDigits(per(near.pouchdb) / per(near.ours)),
      },
      figures: {
        records,
        requests: far.requests,
        bytes_per_record: Math.round(far.bytes / records),
        seconds_150ms: twoDigits(far.ours.ms / 1000),
        seconds_0ms: twoDigits(near.ours.ms / 1000),
        pouchdb_seconds_150ms: twoDigits(far.pouchdb.ms / 1000),
        one_by_one_records: far.single.sent,
      },
    };
  } finally {
    await stage.close();
  }
}

async function round(stage: Stage, roundTrip: number, records: number) {
  const page = await stage.page(stage.server.url);
  stage.server.setRoundTrip(0);
  await page.evaluate(() => bench.prepare('ines'));
  // With the lists of devices that the app keeps: they are written with every answer.
  await page.evaluate(() => bench.listDevices());
  const few = Math.min(ONE_BY_ONE, records);

  await page.evaluate((count) => bench.fill(count), few);
  stage.server.setRoundTrip(roundTrip);
  const single = await page.evaluate(() => bench.drain(1));

  const workbox = await withWorkbox(stage, page, few, roundTrip);

  await page.evaluate((count) => bench.fill(count), records);
  let requests = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/api/records')) requests++;
  });
  stage.server.bytesUp();
  stage.server.setRoundTrip(roundTrip);
  const ours = await page.evaluate(() => bench.drain());
  const bytes = stage.server.bytesUp();
  if (ours.sent !== records || single.sent !== few) throw new Error('not everything was sent');
  await page.close();

  stage.pouchdb.setRoundTrip(0);
  const peer = await stage.page(stage.pouchdb.url);
  await peer.evaluate((count) => pouch.fill(count), records);
  stage.pouchdb.setRoundTrip(roundTrip);
  const pouchdb = await peer.evaluate(() => pouch.drain());
  if (pouchdb.sent !== records) throw new Error('PouchDB did not send everything');
  await peer.close();
  return { single, workbox, ours, pouchdb, requests, bytes };
}

/** The same requests one by one out of Workbox's queue, in its service worker. */
async function withWorkbox(stage: Stage, page: Page, count: number, roundTrip: number) {
  stage.server.setRoundTrip(0);
  await page.evaluate(async (count) => {
    const { trustedTypes } = globalThis as unknown as { trustedTypes: Policies };
    const policy = trustedTypes.createPolicy('fieldbind', { createScriptURL: (url) => url });
    await navigator.serviceWorker.register(policy.createScriptURL('/workbox-worker.js'));
    const { active } = await navigator.serviceWorker.ready;
    const tell = (command: object) =>
      new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => resolve(data);
        active?.postMessage(command, [port2]);
      });
    Object.assign(globalThis, { tell });
    await tell({ push: (await bench.loose(count)).map(({ body }) => body) });
  }, count);
  stage.server.setRoundTrip(roundTrip);
  return page.evaluate(async (count) => {
    const { tell } = globalThis as unknown as { tell(command: object): Promise<unknown> };
    const began = performance.now();
    await tell({ replay: true });
    const ms = performance.now() - began;
    if ((await tell({ count: true })) !== 0) throw new Error('Workbox did not send everything');
    for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
    return { sent: count, ms };
  }, count);
}

const twoDigits = (value: number) => Math.round(value * 100) / 100;
