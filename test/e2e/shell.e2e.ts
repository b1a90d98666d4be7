import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { whyAgain } from '../../sw/why-again.ts';
import { compressPage } from '../../tools/compress-page.ts';
import { plugIn, save, typeAndConnect } from '../support/bench-device.ts';
import { approach, cameraFlags, recordCamera } from '../support/camera.ts';
import { simulatedDevice } from '../support/device-simulated.ts';
import { type FieldApp, rowFor, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { initialScripts } from '../support/first-load.ts';
import { PATIENCE } from '../support/patience.ts';
import { printLabel } from '../support/photo.ts';
import { OAK_STREET } from '../support/server.ts';

// The installed shell: offline, in the background, updated by consent, and the camera in the app itself.
let app: FieldApp;
let dist: string;

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), 'fieldbind-dist-'));
  cpSync('dist', dist, { recursive: true });
  app = await startFieldApp({ dist });
});

afterAll(async () => {
  expect(app.offences).toEqual([]);
  await app?.close();
  rmSync(dist, { recursive: true, force: true });
});

it('reads a moving label through the live camera', async () => {
  const device = await simulatedDevice({ udid: 'mac-02c000000001' });
  await app.server.importList('northfield', [rowFor(device)]);
  const file = join(dist, 'camera.y4m');
  const far = { size: 0.3, turn: 20, tiltX: 18, tiltY: -14, blur: 2.4, light: [0.5, 1.2], noise: 8 } as const;
  const near = { size: 0.62, turn: 9, tiltX: 8, tiltY: -6, blur: 0.8, light: [0.7, 1.1], noise: 6 } as const;
  await recordCamera(file, await printLabel('qrcode', device.label), approach(24, far, near));
  const page = await app.open({ args: cameraFlags(file) });
  await signInAndPrepare(page, 'ines');
  await tapTo(page, '/bind');
  await page.getByText(device.udid).waitFor({ timeout: PATIENCE });
  await page.getByText('On the maker’s list').waitFor();
  await app.shut();
});

it('asks little of a first visit', async () => {
  expect(await initialScripts(app.server.url)).toBeLessThanOrEqual(60 * 1024);
});

it('opens offline on every screen', async () => {
  const page = await app.open();
  await page.context().setOffline(true);
  for (const [path, heading] of [
    ['/', 'Hello, Ines'],
    ['/outbox', 'Outbox'],
    ['/more', 'More'],
    ['/ready', 'Ready to work offline'],
    ['/bind', 'Scan the label'],
  ] as const) {
    await tapTo(page, path);
    await page.getByRole('heading', { name: heading }).waitFor();
  }
  await page.locator('.strip', { hasText: 'No signal' }).waitFor();
  await page.context().setOffline(false);
});

/**
 * Fires the browser's own sync event at the worker, with or without a page. An emulated cut of the network does not reach
 * the part of the browser that decides when to fire it, so left to itself it would come at once, or minutes later.
 */
async function syncEventOf(page: Page, origin: string): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [live] = registrations.filter(({ isDeleted }) => !isDeleted);
      if (live !== undefined) resolve(live.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  const registrationId = await registered;
  return async () => {
    await session.send('ServiceWorker.dispatchSyncEvent', {
      origin,
      registrationId,
      tag: 'outbox',
      lastChance: false,
    });
  };
}

it('sends from the background, with no page of the app open', async () => {
  const page = app.page();
  await page.getByRole('button', { name: 'Back' }).click();
  const { device, unplug } = await plugIn(app);
  await app.server.importList('northfield', [rowFor(device)]);
  await tapTo(page, '/');
  await page.waitForResponse((answer) => answer.url().includes('/api/work-pack?org=training'));
  // The server goes, not the emulated network: that one stays cut for a worker that was restarted meanwhile.
  await app.stopServer();
  await tapTo(page, '/bind');
  await typeAndConnect(page, device.label);
  await page.getByRole('button', { name: 'Go on' }).click();
  await save(page, OAK_STREET);
  await page.getByRole('heading', { name: 'Saved on this phone' }).waitFor();
  const fire = await syncEventOf(page, app.server.url);
  await page.goto('about:blank');
  await app.bringServerBack();
  await fire();
  const ines = await app.server.signIn('ines');
  const bound = async () =>
    ((await ines.get('/api/devices?org=northfield')).body as { devices: { udid: string }[] }).devices.map(
      (d) => d.udid,
    );
  await expect.poll(bound, { timeout: PATIENCE, interval: 500 }).toContain(device.udid);
  await page.goto(app.server.url);
  await unplug();
});

it('has the browser sync again where that may help, above all while another drain holds the lock', async () => {
  const failed = (kind: 'unreachable' | 'not_our_backend' | 'signed_out') =>
    whyAgain({ kind: 'stopped', sent: 0, failure: { kind } });
  expect(failed('unreachable')).toBe('no signal');
  expect(failed('not_our_backend')).toBe('a captive portal');
  expect(failed('signed_out')).toBeUndefined();
  const busy = { kind: 'busy', retryAfterMs: null } as const;
  expect(whyAgain({ kind: 'stopped', sent: 0, failure: busy })).toBe('the backend is busy');
  expect(whyAgain({ kind: 'done', sent: 1 })).toBeUndefined();

  const page = app.page();
  await tapTo(page, '/outbox');
  await page.evaluate(
    () =>
      new Promise<void>((held) => {
        void navigator.locks.request('fieldbind-drain', () => {
          held();
          return new Promise(() => undefined);
        });
      }),
  );
  const asked = () => page.evaluate(async () => Object(await navigator.serviceWorker.ready).sync.getTags());
  await page.evaluate(async () => Object(await navigator.serviceWorker.ready).sync.register('outbox'));
  // With signal it runs at once, and would be gone from the list had it been content.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(await asked()).toEqual(['outbox']);
  await tapTo(page, '/outbox');
});

it('offers a way out of a screen that could not be loaded, and loads it with signal back', async () => {
  const page = app.page();
  await tapTo(page, '/');
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setBypassServiceWorker', { bypass: true });
  await tapTo(page, '/outbox');
  await page.route('**/assets/bind-*.js', (request) => request.abort());
  await page.evaluate(() => {
    history.pushState(null, '', '/bind');
    dispatchEvent(new PopStateEvent('popstate'));
  });
  const trouble = page.locator('[data-code=needs_signal]');
  await trouble.waitFor();
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('heading', { name: 'Outbox' }).waitFor();
  await page.goForward();
  await trouble.waitFor();
  await page.context().setOffline(true);
  // The attempt must have failed before the network is back, or it would succeed and leave nothing to tap.
  const failed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/index.html'));
  await page.getByRole('button', { name: 'Try again' }).click();
  await failed;
  await trouble.waitFor();
  await page.context().setOffline(false);
  await page.unroute('**/assets/bind-*.js');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Scan the label' }).waitFor();
  await session.send('Network.setBypassServiceWorker', { bypass: false });
  await session.detach();
});

it('is updated only when asked, and not while another tab is with a device', async () => {
  const page = app.page();
  const other = await page.context().newPage();
  await tapTo(page, '/');
  await other.goto(new URL('/bind', page.url()).href);
  await other.getByRole('button', { name: 'Back' }).waitFor();
  const running = () => page.evaluate(() => navigator.serviceWorker.controller?.scriptURL);
  expect(await running()).toContain('/sw.js');
  appendFileSync(join(dist, 'sw.js'), '\n// a newer version\n');
  await compressPage(dist);
  await tapTo(page, '/outbox');
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await page.getByText('A new version is ready.').waitFor();
  const waiting = () =>
    page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting !== null);
  expect(await waiting()).toBe(true);
  const use = { name: 'Use it now' };
  const loads = () => page.evaluate(() => performance.timeOrigin);
  const before = await loads();
  await page.getByRole('button', use).click();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect([await waiting(), await loads()]).toEqual([true, before]);
  await other.goto(new URL('/more', page.url()).href);
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', use).click()]);
  expect(await waiting()).toBe(false);
  await page.getByRole('heading', { name: 'Outbox' }).waitFor();
  // The other tab still runs the old version, and may start anew when its person likes.
  await Promise.all([other.waitForEvent('load'), other.getByRole('button', use).click()]);
  await other.getByRole('button', use).waitFor({ state: 'detached' });
  await other.close();
});

it('can be installed', async () => {
  const session = await app.page().context().newCDPSession(app.page());
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  expect(installabilityErrors).toEqual([]);
});
