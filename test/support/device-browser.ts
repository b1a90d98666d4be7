import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { FAKE_ADAPTER } from './fakedev/fake-serial.ts';
import { PATIENCE } from './patience.ts';

export const FLAGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Linux hides Web Bluetooth behind the first, getDevices() behind the second.
  '--enable-features=WebBluetooth,WebBluetoothNewPermissionsBackend',
];

/**
 * A browser profile in which the page at `origin` already has the fake serial port and the fake USB device: headless
 * Chromium shows no chooser for them, and requestPort() and requestDevice() never settle. The grants are what a person's
 * choice leaves in the profile.
 */
export function profileWithSerialGrant(origin: string): string {
  const profile = mkdtempSync(join(tmpdir(), 'fieldbind-profile-'));
  const { name, vendorId, productId, serialNumber } = FAKE_ADAPTER;
  const granted = (chosen: object) => ({
    [`${origin},*`]: { last_modified: '13439702305094951', setting: { 'chosen-objects': [chosen] } },
  });
  const exceptions = {
    serial_chooser_data: granted({
      name,
      product_id: productId,
      serial_number: serialNumber,
      vendor_id: vendorId,
    }),
    usb_chooser_data: granted({
      name,
      'product-id': productId,
      'serial-number': serialNumber,
      'vendor-id': vendorId,
    }),
  };
  mkdirSync(join(profile, 'Default'));
  writeFileSync(
    join(profile, 'Default/Preferences'),
    JSON.stringify({ profile: { content_settings: { exceptions } } }),
  );
  return profile;
}

/** Chromium with real Web Serial and Web Bluetooth. `env` is what the rigs give; Debian's browser unless CHROMIUM says. */
export async function launchWithDevices(
  profile: string,
  env: Readonly<Record<string, string>>,
  more: {
    readonly args?: readonly string[];
    readonly viewport?: { width: number; height: number };
    /** A browser of another host. */
    readonly browser?: string;
  } = {},
): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: more.browser ?? process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [...FLAGS, '--headless=new', ...(more.args ?? [])],
    ...(more.viewport === undefined ? {} : { viewport: more.viewport }),
    env: { ...definedOnly(process.env), ...env },
  });
  context.setDefaultTimeout(PATIENCE);
  return context;
}

/**
 * Answers the page's Bluetooth choosers with the device at `address`, which may change between prompts. A prompt is told again at each change of its
 * list, and answering one id twice kills the browser.
 */
export async function answerBluetoothPrompts(page: Page, address: string | (() => string)): Promise<void> {
  const wanted = typeof address === 'string' ? () => address : address;
  const session = await page.context().newCDPSession(page);
  const answered = new Set<string>();
  session.on('DeviceAccess.deviceRequestPrompted', ({ id, devices }) => {
    const deviceId = wanted();
    if (answered.has(id) || !devices.some((device) => device.id === deviceId)) return;
    answered.add(id);
    void session.send('DeviceAccess.selectPrompt', { id, deviceId });
  });
  await session.send('DeviceAccess.enable');
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
