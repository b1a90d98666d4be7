import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plugIn, save, typeAndConnect, typeLabel } from '../support/bench-device.ts';
import { type FieldApp, rowFor, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { PATIENCE } from '../support/patience.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';

// One browser, several people; one address, another installation; one port, given back.
let app: FieldApp;
let page: Page;

beforeAll(async () => {
  app = await startFieldApp();
  await signInAndPrepare(await app.open(), 'ines');
  page = app.page();
});

afterAll(() => app?.close());

it('gives the device back when the person leaves in the middle', async () => {
  const { device, unplug } = await plugIn(app);
  await app.server.importList('northfield', [rowFor(device)]);
  await tapTo(page, '/');
  await page.waitForResponse((answer) => answer.url().includes('/api/work-pack?org=training'));
  await page.getByRole('button', { name: 'Bind a device' }).click();
  await typeAndConnect(page, device.label);
  await page.getByRole('button', { name: 'Go on' }).waitFor();
  await page.locator('.strip').click(); // the app's own navigation: the page stays
  await page.getByRole('heading', { name: 'Outbox' }).waitFor();
  const reopened = () =>
    page.evaluate(async () => {
      const [port] = await navigator.serial.getPorts();
      try {
        await port?.open({ baudRate: 115200 });
        await port?.close();
        return 'free';
      } catch (error) {
        return (error as Error).name;
      }
    });
  await expect.poll(reopened, { timeout: PATIENCE }).toBe('free');
  await unplug();
});

it('takes a saved device back, and then binds nothing', async () => {
  const { device, unplug } = await plugIn(app);
  await app.server.importList('northfield', [rowFor(device)]);
  await tapTo(page, '/');
  await page.waitForResponse((answer) => answer.url().includes('/api/work-pack?org=training'));
  await page.context().setOffline(true);
  await tapTo(page, '/bind');
  await page.getByRole('heading', { name: 'Scan the label' }).waitFor();
  await typeAndConnect(page, device.label);
  await page.getByRole('button', { name: 'Go on' }).click();
  await save(page, OAK_STREET);
  await page.getByRole('heading', { name: 'Saved on this phone' }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Undo is asked for. It goes by itself when there is signal.').waitFor();
  await tapTo(page, '/outbox');
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Send now' }).click();
  await page.locator('.strip', { hasText: 'Everything is sent' }).waitFor();
  const ines = await app.server.signIn('ines');
  const ofDevice = async () => (await ines.changes('northfield')).filter(({ udid }) => udid === device.udid);
  // In the order of the chain: bound, and taken back.
  const outcomes = async () => (await ofDevice()).map(({ outcome }) => outcome);
  await expect.poll(outcomes, { timeout: PATIENCE }).toEqual(['bound', 'refused', 'noted']);
  const { devices } = (await ines.get('/api/devices?org=northfield')).body as {
    devices: { udid: string; state: string }[];
  };
  expect(devices.find(({ udid }) => udid === device.udid)?.state).toBe('revoked');
  await unplug();
});

it('takes a typed code as keyboards write it', async () => {
  await tapTo(page, '/');
  await page.getByRole('button', { name: 'Bind a device' }).click();
  await page.getByRole('heading', { name: 'Scan the label' }).waitFor();
  await typeLabel(page, ' Mac–02A1B2C3D4E5 ');
  await page.getByText('mac-02a1b2c3d4e5').waitFor();
  await page.getByRole('button', { name: 'Back' }).click();
});

it('lets somebody else sign in, with a key of their own', async () => {
  await tapTo(page, '/more');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in as somebody else' }).click();
  await page.getByRole('button', { name: /^Sam/ }).click();
  await page.getByRole('heading', { name: 'Hello, Sam' }).waitFor();
  await page.getByRole('link', { name: 'Desk', exact: true }).click();
  await page.getByRole('heading', { name: 'Waiting for a decision' }).waitFor();
  expect(app.offences).toEqual([]);
});

it('does not mistake another installation at the same address for its own, and can start afresh', async () => {
  const { port } = app.server.running;
  await app.stopServer();
  const data = mkdtempSync(join(tmpdir(), 'fieldbind-other-'));
  const other: TestServer = await startTestServer({ data, port });
  try {
    await tapTo(page, '/more');
    await page.getByRole('button', { name: 'Sign in again' }).click();
    await page.locator('[data-code=other_installation]').waitFor();
    await page.getByRole('button', { name: 'Start afresh with this backend' }).click();
    await page.getByText('Sam Petrov').first().waitFor();
    await page.locator('.strip', { hasText: 'Everything is sent' }).waitFor();
    expect(other.faults).toEqual([]);
  } finally {
    await other.close();
    rmSync(data, { recursive: true, force: true });
    await app.bringServerBack();
  }
});
