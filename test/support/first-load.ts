import { rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { launchWithDevices, profileWithSerialGrant } from './device-browser.ts';

/** gzip bytes of every script that a first visit loads by itself, the service worker apart. */
export async function initialScripts(url: string): Promise<number> {
  const profile = profileWithSerialGrant(url);
  const context = await launchWithDevices(profile, {}, { viewport: { width: 390, height: 844 } });
  try {
    await context.route('**/sw.js', (route) => route.abort());
    const page = context.pages()[0] as Page;
    const scripts: Promise<Buffer>[] = [];
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script') scripts.push(response.body());
    });
    await page.goto(url, { waitUntil: 'networkidle' });
    return (await Promise.all(scripts)).reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
