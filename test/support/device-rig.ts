import { rmSync } from 'node:fs';
import type { BrowserContext, Page } from 'playwright-core';
import { type FakeBluez, startBluez } from './bluez/fake-bluez.ts';
import { launchWithDevices, profileWithSerialGrant } from './device-browser.ts';
import { serveDevicePage } from './device-page-server.ts';
import { type FakeSerial, startFakeSerial } from './fakedev/fake-serial.ts';

export interface DeviceRig {
  readonly origin: string;
  readonly serial: FakeSerial;
  readonly bluez: FakeBluez;
  readonly context: BrowserContext;
  readonly page: Page;
  close(): Promise<void>;
}

/** The device folder in a real Chromium, with a port, a USB device and a Bluetooth adapter to plug things into. */
export async function startDeviceRig(): Promise<DeviceRig> {
  const [server, bluez] = await Promise.all([serveDevicePage(), startBluez()]);
  const serial = startFakeSerial();
  const profile = profileWithSerialGrant(server.origin);
  const context = await launchWithDevices(profile, { ...serial.env, ...bluez.env });
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('console', (line) => console.info(line.text()));
  await page.goto(server.origin);
  return {
    origin: server.origin,
    serial,
    bluez,
    context,
    page,
    async close() {
      await context.close();
      bluez.stop();
      serial.stop();
      await server.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
