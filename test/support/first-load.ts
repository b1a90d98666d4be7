import { rmSync } from 'node:fs';
import type { Page, Request } from 'playwright-core';
import { launchWithDevices, profileWithSerialGrant } from './device-browser.ts';

/** Bytes, as the server sends them, of every script that a first visit loads by itself, the service worker apart. */
export async function initialScripts(url: string): Promise<number> {
  const profile = profileWithSerialGrant(url);
  const context = await launchWithDevices(profile, {}, { viewport: { width: 390, height: 844 } });
  try {
    await context.route('**/sw.js', (route) => route.abort());
    const page = context.pages()[0] as Page;
    const scripts: Request[] = [];
    page.on('requestfinished', (request) => {
      if (request.resourceType() === 'script') scripts.push(request);
    });
    await page.goto(url, { waitUntil: 'networkidle' });
    const sizes = await Promise.all(scripts.map((request) => request.sizes()));
    return sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
