import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import lighthouse from 'lighthouse';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { launchWithDevices, profileWithSerialGrant } from '../support/device-browser.ts';
import { signInAndPrepare } from '../support/field-app.ts';
import { PATIENCE } from '../support/patience.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

// What Lighthouse says of each screen: nothing to mend in accessibility and best practices.
const SCREENS = ['/', '/outbox', '/places', '/bind', '/more', '/ready', '/desk'];
let server: TestServer;
let profile: string;
let context: BrowserContext;
let port: number;

beforeAll(async () => {
  server = await startTestServer();
  profile = profileWithSerialGrant(server.url);
  // Lighthouse speaks to the browser by a port of its own; which one was free stands in the profile.
  context = await launchWithDevices(
    profile,
    {},
    { viewport: { width: 390, height: 844 }, args: ['--remote-debugging-port=0'] },
  );
  const page = await context.newPage();
  await page.goto(server.url);
  await signInAndPrepare(page, 'sam');
  const file = join(profile, 'DevToolsActivePort');
  await vi.waitUntil(() => existsSync(file), { timeout: PATIENCE });
  port = Number(readFileSync(file, 'utf8').split('\n')[0]);
});

afterAll(async () => {
  await context?.close();
  await server.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

it.each(['/sign-in', ...SCREENS])('finds nothing to mend on %s', async (path) => {
  const answer = await lighthouse(server.url + path, {
    port,
    logLevel: 'error',
    onlyCategories: ['accessibility', 'best-practices'],
    disableStorageReset: true,
    // As wide as a phone and as high as the screen's content: what stands under the bar at the bottom can be scrolled to, which
    // the rule on targets does not know.
    screenEmulation: { mobile: true, width: 390, height: 3000, deviceScaleFactor: 1, disabled: false },
  });
  const { categories = {}, audits = {} } = answer?.lhr ?? {};
  const faults = Object.values(categories).flatMap(({ auditRefs }) =>
    auditRefs
      .map(({ id }) => audits[id])
      .filter((audit) => audit !== undefined && audit.score !== null && audit.score < 1)
      .map((audit) => `${audit?.id}: ${JSON.stringify(audit?.details).slice(0, 600)}`),
  );
  expect(faults).toEqual([]);
  const scores = Object.fromEntries(Object.entries(categories).map(([name, { score }]) => [name, score]));
  expect(scores).toEqual({ accessibility: 1, 'best-practices': 1 });
});
