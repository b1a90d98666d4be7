import { rmSync } from 'node:fs';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../simulator/profiles/esp/esp-device.ts';
import { bundleFor } from '../device/esp/certificate.ts';
import { espPeripheral } from '../support/bluez/esp-peripheral.ts';
import { type FakeBluez, startBluez } from '../support/bluez/fake-bluez.ts';
import type { Peripheral } from '../support/bluez/peripheral.ts';
import {
  answerBluetoothPrompts,
  launchWithDevices,
  profileWithSerialGrant,
} from '../support/device-browser.ts';
// biome-ignore lint/correctness/noUnusedImports: brings window.rig's type
import type { rig as _ } from '../support/device-page.ts';
import { type DevicePageServer, serveDevicePage } from '../support/device-page-server.ts';

// Espressif's protocol in a real Chromium: its own Bluetooth code over a fake BlueZ, WebCrypto for both securities.
const SETUPS = [
  { security: 1, valueLimit: 256, address: 'AA:BB:CC:00:22:01' },
  { security: 2, valueLimit: 512, address: 'AA:BB:CC:00:22:02' },
] as const;

let server: DevicePageServer;
let bluez: FakeBluez;
let context: BrowserContext;
let page: Page;
let profile: string;

beforeAll(async () => {
  [server, bluez] = await Promise.all([serveDevicePage(), startBluez()]);
  profile = profileWithSerialGrant(server.origin);
  context = await launchWithDevices(profile, bluez.env);
});

afterAll(async () => {
  await context?.close();
  bluez?.stop();
  await server?.close();
  if (profile !== undefined) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

describe.each(SETUPS)(
  'esp-claim over Web Bluetooth, security $security',
  ({ security, valueLimit, address }) => {
    let device: EspClaimDevice;
    let peripheral: Peripheral;

    beforeAll(async () => {
      const state = await newDeviceState('mac-02a1b2c3d4e5');
      device = await EspClaimDevice.start({ state, firmware: { security, valueLimit } });
      peripheral = espPeripheral(bluez, device, address);
      page = await context.newPage();
      page.on('console', (line) => console.info(line.text()));
      await page.goto(server.origin);
      await page.evaluate((bytes) => window.rig.challenge(bytes), 'c4'.repeat(32));
      await answerBluetoothPrompts(page, address);
    });
    afterEach(() => page.evaluate(() => window.rig.close()));
    afterAll(() => page.close());

    const connect = async () => {
      await page.click('#ask');
      return page.evaluate(() => window.rig.asked());
    };

    it('identifies, gives evidence, and at the next visit takes the certificate and proves its key', async () => {
      expect(await connect()).toBe('esp-claim');
      expect(await page.evaluate(() => window.rig.identify())).toBe('presence_missing');
      await page.evaluate((pop) => window.rig.scan(pop), device.pop);
      expect(await page.evaluate(() => window.rig.identify())).toMatchObject({
        driver: 'esp-claim',
        model: 'esp32c3',
        aliases: ['mac-02a1b2c3d4e5', '02a1b2c3d4e5'],
      });
      const publicKey = Buffer.from(device.publicKey, 'base64url').toString('hex');
      expect(await page.evaluate(() => window.rig.evidence())).toMatchObject({
        publicKey,
        possession: 'fresh',
      });
      await page.evaluate(() => window.rig.close());

      expect(await connect()).toBe('esp-claim');
      const bundle = bundleFor(Buffer.from(device.publicKey, 'base64url'));
      const written = await page.evaluate((it) => window.rig.install(it), bundle);
      expect(written).toMatchObject([{ parts: ['leaf', 'chain'] }]);
      expect(device.certificate).toBe(bundle.leafPem + bundle.chainPem);
      device.reset();
    });

    it('says that the secret is another device’s', async () => {
      await page.evaluate(() => window.rig.scan('another-one'));
      expect(await connect()).toBe('esp-claim');
      expect(await page.evaluate(() => window.rig.identify())).toBe('presence_wrong');
      await page.evaluate((pop) => window.rig.scan(pop), device.pop);
      expect(await page.evaluate(() => window.rig.identify())).toMatchObject({ model: 'esp32c3' });
    });

    it('survives the link going in the middle of the installation', async () => {
      const bundle = bundleFor(Buffer.from(device.publicKey, 'base64url'));
      await page.evaluate((pop) => window.rig.scan(pop), device.pop);
      expect(await connect()).toBe('esp-claim');
      device.misbehave({ kind: 'drop', afterBytes: security === 1 ? 500 : 1_300 });
      expect(await page.evaluate((it) => window.rig.install(it), bundle)).toBe('link_lost');
      await page.evaluate(() => window.rig.close());
      expect(await connect()).toBe('esp-claim');
      expect(await page.evaluate((it) => window.rig.install(it), bundle)).toMatchObject([
        { parts: ['leaf', 'chain'] },
      ]);
      expect(device.certificate).toBe(bundle.leafPem + bundle.chainPem);
      expect(peripheral.address).toBe(address);
    });
  },
);
