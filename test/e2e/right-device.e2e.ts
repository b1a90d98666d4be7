import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeviceState } from '../../contract/device-state.ts';
import { choosePlace, plugIn, plugInListed, typeAndConnect, typeLabel } from '../support/bench-device.ts';
import { type FieldApp, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { OAK_STREET } from '../support/server.ts';

// The device in the hand is the one that is bound, whatever was begun with before, and it stands where somebody said.
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

const listed = () => plugInListed(app);

const step = (name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();
const tap = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
const named = () => page.locator('[data-device]').getAttribute('data-device');

async function boundUdids(): Promise<readonly string[]> {
  const ines = await app.server.signIn('ines');
  const { devices } = (await ines.get('/api/devices?org=northfield')).body as { devices: DeviceState[] };
  return devices.map(({ udid }) => udid);
}

it('leaves A at its place and binds B: the button begins at the scanner, and A goes on by its name', async () => {
  const a = await listed();
  await tap('Bind a device');
  await typeAndConnect(page, a.device.label);
  await tap('Go on');
  await step('Where is it?');
  expect(await named()).toBe(a.device.udid);
  await choosePlace(page, OAK_STREET, 'roof');
  await page.fill('#position', 'Shelf 1');
  await a.unplug();
  await page.locator('.strip').click();

  const b = await listed();
  await tap('Bind a device');
  await step('Scan the label');
  await typeAndConnect(page, b.device.label);
  await tap('Go on');
  await step('Where is it?');
  expect(await named()).toBe(b.device.udid);
  await choosePlace(page, OAK_STREET, 'floor-1');
  await tap('Save');
  await step('Bound');
  expect(await named()).toBe(b.device.udid);
  expect(await boundUdids()).toContain(b.device.udid);
  expect(await boundUdids()).not.toContain(a.device.udid);
  await b.unplug();

  await tapTo(page, '/');
  const draft = page.locator('[data-part=resume] [data-draft]');
  await expect.poll(() => draft.getAttribute('data-draft')).toBe(a.device.udid);
  await draft.getByRole('link', { name: `Go on with it ${a.device.udid}` }).click();
  await step('Where is it?');
  await expect
    .poll(async () => [await named(), await page.inputValue('#position')])
    .toEqual([a.device.udid, 'Shelf 1']);
  await page.reload();
  await step('Where is it?');
  await expect
    .poll(async () => [await named(), await page.inputValue('#position')])
    .toEqual([a.device.udid, 'Shelf 1']);
  await expect.poll(() => page.locator('#site').textContent()).toBe('Roof');

  await tapTo(page, '/');
  await tap(/^Throw away/);
  await expect.poll(() => page.locator('[data-part=resume]').count()).toBe(0);
});

it('goes one step back by the browser’s own button, and out of the flow from the first', async () => {
  const { device, unplug } = await listed();
  await tap('Bind a device');
  await step('Scan the label');
  await typeAndConnect(page, device.label);
  await tap('Go on');
  await step('Where is it?');
  // Where the last device was put, and never the first of the alphabet.
  await expect.poll(() => page.locator('#domain').textContent()).toBe('Oak Street 12');
  await expect.poll(() => page.locator('#site').textContent()).toBe('First floor');
  await page.goBack();
  await step(/^All checks/);
  await page.goBack();
  await step('Connect the device');
  await page.goForward();
  await step('Connect the device');
  await page.goBack();
  await step('Scan the label');
  await page.goBack();
  await step(/^Hello/);
  await unplug();
});

it('has nothing chosen where nobody chose, finds a site by typing, and goes by keyboard alone', async () => {
  const { device, unplug } = await listed();
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const open = indexedDB.open('fieldbind');
        open.onsuccess = () => {
          const tx = open.result.transaction('draft', 'readwrite');
          tx.objectStore('draft').clear();
          tx.oncomplete = () => {
            open.result.close();
            resolve();
          };
        };
      }),
  );
  await tap('Bind a device');
  await typeAndConnect(page, device.label);
  await tap('Go on');
  await page.locator('[data-pick=domain][data-open=yes]').waitFor();
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
  await page.focus('#domain-search');
  await page.keyboard.type('oak');
  await page.keyboard.press('Enter');
  await page.locator('[data-pick=site][data-open=yes]').waitFor();
  await page.focus('#site-search');
  await page.keyboard.type('floor');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('#site').textContent()).toBe('Second floor');
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('site');
  await page.keyboard.press('Enter');
  await page.locator('[data-pick=site][data-open=yes]').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Save', exact: true }).press('Enter');
  await step('Bound');
  await unplug();
});

it('says how far away one is, and signs where the phone is only where a person added it', async () => {
  const { device, unplug } = await listed();
  await page.context().grantPermissions(['geolocation'], { origin: app.server.url });
  await page.context().setGeolocation({ latitude: 52.5, longitude: 13.4, accuracy: 12 });
  await tap('Bind a device');
  await typeAndConnect(page, device.label);
  await tap('Go on');
  await tap('Add where I am');
  await page.getByText('to within 12 m').waitFor();
  await tap('Leave it out');
  await tap('Add where I am');
  await page.getByText('to within 12 m').waitFor();
  await tap('Save');
  await step('Bound');
  await unplug();
});

it('shows what failed alone and in sight on a small phone, and asks why it is submitted all the same', async () => {
  const plugged = await plugIn(app);
  await page.setViewportSize({ width: 360, height: 640 });
  await tapTo(page, '/bind');
  await typeAndConnect(page, plugged.device.label);
  await step('A check failed');
  const failed = page.locator('[data-result=failed]');
  expect(await failed.count()).toBe(1);
  const [row, action] = [await failed.boundingBox(), await page.locator('.actions').boundingBox()];
  expect((row?.y ?? 0) + (row?.height ?? 0)).toBeLessThanOrEqual(action?.y ?? 0);
  await page.getByRole('button', { name: 'Scan another label' }).waitFor();
  await tap('Submit as found');
  const submit = page.getByRole('button', { name: 'Submit as found' });
  expect(await submit.isDisabled()).toBe(true);
  await page.fill('#because', 'Seen on the delivery note');
  await submit.click();
  await tap('Save');
  await step('Held');
  await plugged.unplug();
});

it('keeps a button’s place while another one goes', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  const { device, unplug } = await listed();
  await page.context().setOffline(true);
  await tap('Bind a device');
  await typeAndConnect(page, device.label);
  await tap('Go on');
  await tap('Save');
  await step('Saved on this phone');
  const next = page.getByRole('button', { name: 'Next device' });
  const before = await next.boundingBox();
  await tap(/^Undo/);
  await page.getByText('Undo is asked for').waitFor();
  expect(await next.boundingBox()).toEqual(before);
  await next.click();
  await step('Scan the label');
  await page.context().setOffline(false);
  await typeLabel(page, 'Mac-02A1B2C3D4E5');
  await step('Connect the device');
  await unplug();
});
