import { createHash, X509Certificate } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceState } from '../../contract/device-state.ts';
import type { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import { type DevicePty, servePty } from '../../simulator/pty.ts';
import { choosePlace, connectAndRead } from '../support/bench-device.ts';
import { zephyrPeripheral } from '../support/bluez/zephyr-peripheral.ts';
import { answerBluetoothPrompts } from '../support/device-browser.ts';
import { simulatedDevice } from '../support/device-simulated.ts';
import {
  deviceFolder,
  type FieldApp,
  rowFor,
  signInAndPrepare,
  startFieldApp,
  tapTo,
} from '../support/field-app.ts';
import { PATIENCE } from '../support/patience.ts';
import { photoOf, printLabel } from '../support/photo.ts';
import { OAK_STREET } from '../support/server.ts';

// The main job, end to end: the network cut from scan to save, the browser killed, then everything else.
const ADDRESS = 'AA:BB:CC:00:11:22';
const HANDHELD = {
  size: 0.6,
  turn: 12,
  tiltX: 14,
  tiltY: -11,
  blur: 0.9,
  light: [0.65, 1.15],
  noise: 6,
} as const;

let app: FieldApp;

beforeAll(async () => {
  app = await startFieldApp();
});

afterAll(async () => {
  await app?.close();
});

/** Steps 1 to 6 without signal: photo of the label, link, checks, place, saved. */
async function captureOffline(
  page: Page,
  device: ZephyrCredDevice,
  link: 'serial' | 'bluetooth',
): Promise<void> {
  await page.context().setOffline(true);
  await tapTo(page, '/bind');
  const photo = await photoOf(await printLabel('qrcode', device.label), HANDHELD);
  await page.setInputFiles('input[type=file]', { name: 'label.jpg', mimeType: 'image/jpeg', buffer: photo });
  await page.getByText(device.udid).waitFor();
  await connectAndRead(page, link);
  await page.getByRole('button', { name: 'Go on' }).waitFor();
  const results = await page
    .locator('.check')
    .evaluateAll((rows) =>
      Object.fromEntries(
        rows.map((row) => [row.getAttribute('data-check'), row.getAttribute('data-result')]),
      ),
    );
  expect(results).toEqual({
    csr_signature: 'passed',
    csr_key_is_device_key: 'passed',
    // nrf_cloud_cred signs our challenge in its request; the sample's request was made at boot.
    possession: device.firmware.nrfCloudCred ? 'passed' : 'not_checkable',
    label_key_is_device_key: 'passed',
    device_identity: 'passed',
    // The mainline sample writes a fixed subject; nrf_cloud_cred writes the device's own name.
    csr_subject: device.firmware.nrfCloudCred ? 'passed' : 'not_checkable',
    key_strength: 'passed',
    on_list: 'passed',
    list_key: 'passed',
    not_tombstoned: 'passed',
  });
  await page.getByRole('button', { name: 'Go on' }).click();
  await choosePlace(page, OAK_STREET, 'roof');
  await page.fill('#position', 'Roof');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('heading', { name: 'Saved on this phone' }).waitFor();
}

/** After the kill: the record is there without signal; with signal it is bound and its certificate waits. */
async function syncAfterRestart(device: ZephyrCredDevice): Promise<Page> {
  // The server goes too: a browser that starts may sync in the background before any switch of the test's is set.
  await app.kill();
  await app.stopServer();
  const page = await app.open({ offline: true });
  await tapTo(page, '/outbox');
  const row = page.locator('.row', { hasText: device.udid });
  await row.getByText(/^(Saved on this phone|Sending)/).waitFor(); // killed with a request on its way it may say so still
  await app.bringServerBack();
  await page.context().setOffline(false);
  await page.click('[data-filter=all]');
  await row.getByText('Write its certificate').waitFor({ timeout: PATIENCE });
  return page;
}

async function collect(page: Page, device: ZephyrCredDevice, link: 'serial' | 'bluetooth'): Promise<void> {
  await page.locator('.row', { hasText: device.udid }).click();
  await page.getByRole('heading', { name: 'Write the certificate' }).waitFor();
  await page.click(`[data-link=${link}]`);
  await page.getByRole('heading', { name: 'Certificate on device' }).waitFor({ timeout: PATIENCE });
}

/** Backend, app and device each say which certificate it is, by a way of their own. */
async function fingerprints(page: Page, device: ZephyrCredDevice) {
  const shown = (await page.locator('[data-fact=fingerprint]').textContent())?.trim();
  const stored = Buffer.from(device.stored('SERV') ?? [])
    .toString('utf8')
    .replace(/\0$/, '');
  const leaf = new X509Certificate(stored.slice(0, stored.indexOf('-----END CERTIFICATE-----') + 25));
  const operator = await app.server.signIn('ines');
  const { devices } = (await operator.get('/api/devices?org=northfield')).body as { devices: DeviceState[] };
  return {
    app: shown,
    device: createHash('sha256').update(leaf.raw).digest('hex'),
    backend: devices.find((d) => d.udid === device.udid)?.fingerprint,
    names: leaf.subjectAltName,
  };
}

async function expectAgreement(page: Page, device: ZephyrCredDevice): Promise<void> {
  const seen = await fingerprints(page, device);
  expect(seen.app).toMatch(/^[0-9a-f]{64}$/);
  expect(seen.device).toBe(seen.app);
  expect(seen.backend).toBe(seen.app);
  expect(seen.names).toContain(`URI:spiffe://${OAK_STREET}/device/${device.udid}`);
  const anchor = Buffer.from(device.stored('CA') ?? []).toString('utf8');
  expect(anchor).toContain('-----BEGIN CERTIFICATE-----');
  expect(app.offences).toEqual([]);
  expect(app.server.faults).toEqual([]);
}

describe('the main job over a cable', () => {
  let pty: DevicePty | undefined;

  afterEach(async () => {
    await pty?.close();
    app.serial.unplug();
  });

  it('captures offline, survives SIGKILL, is bound, and backend, app and device agree', async () => {
    const device = await simulatedDevice({ udid: 'mac-02a1b2c3d401' });
    await app.server.importList('northfield', [rowFor(device)]);
    pty = await servePty(device, deviceFolder(app), true);
    app.serial.plug(pty.path);
    await signInAndPrepare(await app.open(), 'ines');
    await app.shut();
    const page = await app.open();
    await captureOffline(page, device, 'serial');
    const restarted = await syncAfterRestart(device);
    await collect(restarted, device, 'serial');
    await expectAgreement(restarted, device);
  });
});

describe('the main job over Bluetooth', () => {
  it('does the same through the same driver', async () => {
    const device = await simulatedDevice({
      udid: 'mac-02a1b2c3d402',
      firmware: { nrfCloudCred: true, printsAtBoot: false },
    });
    await app.server.importList('northfield', [rowFor(device)]);
    zephyrPeripheral(app.bluez, device, ADDRESS);
    const page = app.page();
    await answerBluetoothPrompts(page, ADDRESS);
    await tapTo(page, '/ready');
    await page.getByRole('button', { name: 'Refresh now' }).click();
    await page.getByText('2 devices listed').waitFor();
    await captureOffline(page, device, 'bluetooth');
    const restarted = await syncAfterRestart(device);
    await answerBluetoothPrompts(restarted, ADDRESS);
    await collect(restarted, device, 'bluetooth');
    await expectAgreement(restarted, device);
  });
});
