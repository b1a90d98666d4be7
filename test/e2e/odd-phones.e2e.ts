import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { choosePlace, plugInListed, readFound, typeLabel } from '../support/bench-device.ts';
import { type FieldApp, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { OAK_STREET } from '../support/server.ts';

// Phones that are reloaded, open twice, die, or refuse what an app may ask of them.
let app: FieldApp;
let page: Page;

beforeAll(async () => {
  app = await startFieldApp();
  await signInAndPrepare(await app.open(), 'ines');
  page = app.page();
});

afterAll(async () => {
  expect(app.offences).toEqual([]);
  await app?.close();
});

const step = (name: string | RegExp, on = page) => on.getByRole('heading', { level: 1, name }).waitFor();
const tap = (name: string | RegExp, on = page) => on.getByRole('button', { name, exact: true }).click();
const named = (on = page) => on.locator('[data-device]').first().getAttribute('data-device');

/** Loads the page again once the step that is shown is kept: a draft is written while the screen is drawn. */
async function reloadOnce(at: 'pair' | 'checked' | 'place'): Promise<void> {
  await expect.poll(kept).toContain(`"at":"${at}"`);
  await page.reload();
}

const kept = () =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const open = indexedDB.open('fieldbind');
        open.onerror = reject;
        open.onsuccess = () => {
          const got = open.result.transaction('draft').objectStore('draft').getAll();
          got.onsuccess = () => {
            open.result.close();
            resolve(JSON.stringify(got.result));
          };
        };
      }),
  );

async function toPlace(label: string): Promise<void> {
  await tapTo(page, '/bind');
  await typeLabel(page, label);
  await page.click('[data-link=serial]');
  await readFound(page);
  await tap('Go on');
  await step('Where is it?');
}

it('is loaded again in every step, and goes on with the same device and never with another one', async () => {
  const { device, unplug } = await plugInListed(app);
  await tap('Bind a device');
  await step('Scan the label');
  await page.reload();
  await step('Scan the label');
  await typeLabel(page, device.label);
  await step('Connect the device');
  await reloadOnce('pair');
  await step('Connect the device');
  expect(await named()).toBe(device.udid);
  await page.click('[data-link=serial]');
  await step('What this device can do');
  // No session outlives the page: it is connected again.
  await reloadOnce('pair');
  await step('Connect the device');
  expect(await named()).toBe(device.udid);
  await page.click('[data-link=serial]');
  await readFound(page);
  await step(/^All checks/);
  await reloadOnce('checked');
  await step(/^All checks/);
  expect(await named()).toBe(device.udid);
  await tap('Go on');
  await step('Where is it?');
  await choosePlace(page, OAK_STREET, 'roof');
  await page.fill('#position', 'Shelf 7');
  await expect.poll(kept).toContain('Shelf 7');
  await reloadOnce('place');
  await step('Where is it?');
  expect([await named(), await page.locator('#site').textContent()]).toEqual([device.udid, 'Roof']);
  await page.goBack();
  await step(/^All checks/);
  await reloadOnce('checked');
  await step(/^All checks/);
  await tap('Go on');
  await step('Where is it?');
  await tap('Save');
  await step('Bound');
  // It is saved: nothing is left to go on with, and nothing is bound a second time.
  await page.reload();
  await step('Scan the label');
  await page.goBack();
  await page.locator('main h1').waitFor();
  await tapTo(page, '/');
  await step(/^Hello/);
  expect(await page.locator('[data-part=resume]').count()).toBe(0);
  await tapTo(page, `/at/northfield/${device.udid}`);
  await page.getByText('One record on this phone').waitFor();
  await unplug();
});

it('open in two tabs saves one record, and the other tab’s lists say so by themselves', async () => {
  const { device, unplug } = await plugInListed(app);
  await page.context().setOffline(true);
  await toPlace(device.label);
  await choosePlace(page, OAK_STREET, 'roof');
  const [other, third] = [await page.context().newPage(), await page.context().newPage()];
  await third.goto(`${app.server.url}/outbox`);
  await step('Outbox', third);
  await other.goto(`${app.server.url}/bind/resume?of=${device.udid}`);
  await step('Where is it?', other);
  expect(await named(other)).toBe(device.udid);
  await tap('Save');
  await step('Saved on this phone');
  await tap('Save', other);
  await step('Saved on this phone', other);
  await third.locator(`a[data-device="${device.udid}"]`).waitFor();
  await third.goto(`${app.server.url}/at/northfield/${device.udid}`);
  await third.getByText('One record on this phone').waitFor();
  for (const tab of [other, third]) await tab.close();
  await page.context().setOffline(false);
  await unplug();
  await tapTo(page, `/at/northfield/${device.udid}`);
  await step('Bound');
});

it('has a database that does not open for long: it says so, and goes on by itself once it does', async () => {
  const other = await page.context().newPage();
  await other.addInitScript(() => {
    const open = indexedDB.open.bind(indexedDB);
    const answer = new Promise<void>((resolve) => Object.assign(window, { letItOpen: resolve }));
    IDBFactory.prototype.open = (...args: Parameters<typeof open>) => {
      const real = open(...args);
      const held = new EventTarget();
      for (const name of ['success', 'error', 'upgradeneeded', 'blocked'])
        real.addEventListener(
          name,
          (event) => void answer.then(() => held.dispatchEvent(new Event(event.type))),
        );
      return new Proxy(real, {
        get(target, key) {
          if (key === 'addEventListener') return held.addEventListener.bind(held);
          if (key === 'removeEventListener') return held.removeEventListener.bind(held);
          const value = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    };
  });
  await other.goto(app.server.url);
  await other.locator('[data-code=phone_storage_slow]').waitFor();
  await other.evaluate(() => (window as unknown as { letItOpen(): void }).letItOpen());
  await other.getByRole('heading', { name: /^Hello/ }).waitFor();
  await other.close();
});

it.each(['rejects', 'throws', 'is missing'])('has a badge that %s, and says nothing of it', async (how) => {
  const other = await page.context().newPage();
  await other.addInitScript((kind) => {
    const refused = new DOMException('not allowed', 'NotAllowedError');
    const set = () => {
      if (kind === 'throws') throw refused;
      return Promise.reject(refused);
    };
    for (const name of ['setAppBadge', 'clearAppBadge'])
      Object.defineProperty(navigator, name, { value: kind === 'is missing' ? undefined : set });
  }, how);
  await other.goto(app.server.url);
  await other.locator('[data-section=needs-me] a[data-device]').first().waitFor();
  await other.locator('.strip', { hasText: /devices? needs? you/ }).waitFor();
  await other.close();
});

it('dies right after saving: the device stands in its lists at the next start, without signal', async () => {
  const { device, unplug } = await plugInListed(app);
  await page.context().setOffline(true);
  await toPlace(device.label);
  await choosePlace(page, OAK_STREET, 'floor-2');
  await page.fill('#position', 'Cabinet 9');
  await tap('Save');
  await step('Saved on this phone');
  await unplug();
  await app.kill();
  page = await app.open({ offline: true });
  await step(/^Hello/);
  await tapTo(page, '/outbox');
  await page.locator(`a[data-device="${device.udid}"]`, { hasText: 'Second floor, Cabinet 9' }).waitFor();
  await tapTo(page, `/place/northfield/${OAK_STREET}/floor-2`);
  await page.locator(`a[data-device="${device.udid}"]`).waitFor();
  await tapTo(page, '/');
  await page.locator(`[data-section=places] [data-site=floor-2]`).waitFor();
  expect(await page.locator('[data-part=resume]').count()).toBe(0);
});
