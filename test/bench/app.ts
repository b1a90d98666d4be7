import { rmSync } from 'node:fs';
import { get } from 'node:http';
import type { Page } from 'playwright-core';
import { launchWithDevices, profileWithSerialGrant } from '../support/device-browser.ts';
import { signInAndPrepare } from '../support/field-app.ts';
import { initialScripts } from '../support/first-load.ts';
import { queuedRecord } from '../support/records.ts';
import { OAK_STREET, startTestServer } from '../support/server.ts';
import type { Report } from './report.ts';

const RECORDS = 10_000;
const FEW = 20;
const STARTS = 5;
const PHONE = { width: 390, height: 844 };

/**
 * `app`: how much comes with the first load and with the precache, and how long a cold start without signal takes with ten thousand
 * records, beside one with twenty.
 */
export async function benchApp(): Promise<Report> {
  const server = await startTestServer();
  const profiles: string[] = [];
  const prepared = async (records: number) => {
    const profile = profileWithSerialGrant(server.url);
    profiles.push(profile);
    const context = await open(profile);
    const page = context.pages()[0] as Page;
    await page.goto(server.url);
    await signInAndPrepare(page, 'ines');
    const precache = await precacheBytes(page);
    await page.goto('about:blank');
    await page.goto(`${server.url}/icon.svg`); // same origin, no app running over the seeded rows
    await seed(page, records);
    await context.close();
    return { profile, records, precache, starts: [] as number[] };
  };
  try {
    const initial = await initialScripts(server.url);
    const phones = [await prepared(RECORDS), await prepared(FEW)] as const;
    await server.running.close();
    for (const { profile, records } of phones) {
      const context = await open(profile);
      await listsMade(context.pages()[0] as Page, server.url, records);
      await context.close();
    }
    for (let i = 0; i < STARTS; i++)
      for (const { profile, starts } of phones) {
        const context = await open(profile);
        starts.push(await coldStart(context.pages()[0] as Page, server.url));
        await context.close();
      }
    const [many, few] = phones;
    return {
      name: 'app',
      ratios: {
        cold_start_10k_vs_20: Math.round((median(many.starts) / median(few.starts)) * 100) / 100,
      },
      figures: {
        initial_js_sent_kib: kib(initial),
        precache_sent_kib: kib(many.precache),
        records: RECORDS,
        offline_cold_start_ms: Math.round(median(many.starts)),
        offline_cold_start_20_ms: Math.round(median(few.starts)),
      },
    };
  } finally {
    await server.close();
    for (const profile of profiles) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

const open = (profile: string) => launchWithDevices(profile, {}, { viewport: PHONE });

/** Bytes of the whole app as the server sends them to a browser that takes brotli. */
async function precacheBytes(page: Page): Promise<number> {
  const urls = await page.evaluate(async () => {
    const names = (await caches.keys()).filter((name) => name.includes('precache'));
    const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return kept.flat().map(({ url }) => url);
  });
  const sizes = await Promise.all(urls.map(bytesSent));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

function bytesSent(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers: { 'accept-encoding': 'br, gzip' } }, async (answer) => {
      let bytes = 0;
      for await (const part of answer) bytes += (part as Uint8Array).length;
      resolve(bytes);
    });
    request.on('error', reject);
  });
}

/** Puts as many unsent records as wanted where the app keeps its own, with the counts that belong to them. */
async function seed(page: Page, records: number): Promise<void> {
  const shape = {
    org: 'northfield',
    domain: OAK_STREET,
    title: 'Roof',
    kid: 'k',
    size: 2_000,
    operator: 'ines',
  };
  const seeded = { count: records, row: queuedRecord(shape) };
  await page.evaluate(async ({ count, row }) => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('fieldbind');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const tx = db.transaction(['q', 'env', 'meta'], 'readwrite');
    for (let seq = 1; seq <= count; seq++) {
      const id = `01900000-0000-7000-8000-${String(seq).padStart(12, '0')}`;
      const createdAt = Date.now() - (count - seq) * 1000;
      tx.objectStore('env').put({ id, jws: 'x'.repeat(2_000), digest: `d${seq}` });
      const udid = `mac-${String(seq).padStart(12, '0')}`;
      tx.objectStore('q').put({ ...row, id, udid, seq, digest: `d${seq}`, createdAt });
    }
    tx.objectStore('meta').put({ counts: { saved: count }, certificatesWaiting: 0 }, 'sum');
    // The lists of devices are made anew by the next start, as on a phone from before them.
    tx.objectStore('meta').delete('devices');
    await new Promise((resolve, reject) => {
      tx.oncomplete = resolve;
      tx.onabort = () => reject(tx.error);
    });
    db.close();
  }, seeded);
}

/** Until the lists of devices are made of all records. */
async function listsMade(page: Page, url: string, records: number): Promise<void> {
  await page.goto(`${url}/places`);
  await page.waitForFunction(
    (text) => document.querySelector('[data-section=places]')?.textContent?.includes(text),
    `${records.toLocaleString('en')} devices`,
  );
}

/** Milliseconds from navigation to a first screen with the strip's count and the places; nothing answers. */
async function coldStart(page: Page, url: string): Promise<number> {
  await page.goto(url);
  const usable = await page.waitForFunction(() => {
    const rows = document.querySelectorAll('[data-section=places] .row').length;
    return rows > 0 && document.querySelector('.strip') !== null ? performance.now() : undefined;
  });
  return usable.jsonValue() as Promise<number>;
}

const kib = (bytes: number) => Math.round((bytes / 1024) * 10) / 10;
const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
