import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plugIn, save, typeAndConnect } from '../support/bench-device.ts';
import { approach, cameraFlags, recordCamera } from '../support/camera.ts';
import { simulatedDevice } from '../support/device-simulated.ts';
import { type FieldApp, rowFor, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
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
  await page.getByText(device.udid).waitFor({ timeout: 60_000 });
  await page.getByText('On the maker’s list').waitFor();
  await app.shut();
});

it('opens offline on every screen', async () => {
  const page = await app.open();
  await page.context().setOffline(true);
  for (const [path, heading] of [
    ['/', 'Hello, Ines'],
    ['/outbox', 'Outbox'],
    ['/more', 'More'],
    ['/ready', 'Ready to work offline'],
    ['/bind', 'Connect the device'],
  ] as const) {
    await tapTo(page, path);
    await page.getByRole('heading', { name: heading }).waitFor();
  }
  await page.locator('.strip', { hasText: 'No signal' }).waitFor();
  await page.context().setOffline(false);
});

it('sends from the background, with no page of the app open', async () => {
  const page = app.page();
  await page.getByRole('button', { name: 'Back' }).click();
  const { device, unplug } = await plugIn(app);
  await app.server.importList('northfield', [rowFor(device)]);
  await tapTo(page, '/');
  await page.waitForResponse((answer) => answer.url().includes('/api/work-pack?org=training'));
  await page.context().setOffline(true);
  await tapTo(page, '/bind');
  await typeAndConnect(page, device.label);
  await page.getByRole('button', { name: 'Go on' }).click();
  await save(page, OAK_STREET);
  await page.getByRole('heading', { name: 'Saved on this phone' }).waitFor();
  await page.goto('about:blank');
  await page.context().setOffline(false);
  const ines = await app.server.signIn('ines');
  const bound = async () =>
    ((await ines.get('/api/devices?org=northfield')).body as { devices: { udid: string }[] }).devices.map(
      (d) => d.udid,
    );
  await expect.poll(bound, { timeout: 60_000, interval: 500 }).toContain(device.udid);
  await page.goto(app.server.url);
  await unplug();
});

it('is updated only when asked', async () => {
  const page = app.page();
  await tapTo(page, '/');
  const running = () => page.evaluate(() => navigator.serviceWorker.controller?.scriptURL);
  expect(await running()).toContain('/sw.js');
  appendFileSync(join(dist, 'sw.js'), '\n// a newer version\n');
  await tapTo(page, '/outbox');
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await page.getByText('A new version is ready.').waitFor();
  const waiting = () =>
    page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting !== null);
  expect(await waiting()).toBe(true);
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Use it now' }).click()]);
  expect(await waiting()).toBe(false);
  await page.getByRole('heading', { name: 'Outbox' }).waitFor();
});

it('can be installed', async () => {
  const session = await app.page().context().newCDPSession(app.page());
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  expect(installabilityErrors).toEqual([]);
});
