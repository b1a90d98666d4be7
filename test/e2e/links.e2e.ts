import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import { type DevicePty, servePty } from '../../simulator/pty.ts';
import { type FakeBluez, startBluez } from '../support/bluez/fake-bluez.ts';
import type { Peripheral } from '../support/bluez/peripheral.ts';
import { zephyrPeripheral } from '../support/bluez/zephyr-peripheral.ts';
import {
  answerBluetoothPrompts,
  launchWithDevices,
  profileWithSerialGrant,
} from '../support/device-browser.ts';
import { bundleOf } from '../support/device-bundle.ts';
// biome-ignore lint/correctness/noUnusedImports: brings window.rig's type
import type { rig as _ } from '../support/device-page.ts';
import { type DevicePageServer, serveDevicePage } from '../support/device-page-server.ts';
import { simulatedDevice } from '../support/device-simulated.ts';
import { type FakeSerial, startFakeSerial } from '../support/fakedev/fake-serial.ts';

// The device folder in a real Chromium, over its own Web Serial and Web Bluetooth code, against simulated firmware.
const ADDRESS = 'AA:BB:CC:00:11:22';

let server: DevicePageServer;
let serial: FakeSerial;
let bluez: FakeBluez;
let context: BrowserContext;
let page: Page;
let profile: string;

beforeAll(async () => {
  [server, bluez] = await Promise.all([serveDevicePage(), startBluez()]);
  serial = startFakeSerial();
  profile = profileWithSerialGrant(server.origin);
  context = await launchWithDevices(profile, { ...serial.env, ...bluez.env });
  page = context.pages()[0] ?? (await context.newPage());
  page.on('console', (line) => console.info(line.text()));
});

afterAll(async () => {
  await context?.close();
  bluez?.stop();
  serial?.stop();
  await server?.close();
  if (profile !== undefined) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

function stored(device: ZephyrCredDevice, slot: string): string {
  return Buffer.from(device.stored(slot) ?? []).toString();
}

async function proveAll(device: ZephyrCredDevice): Promise<void> {
  const bundle = bundleOf();
  expect(await page.evaluate(() => window.rig.identify())).toMatchObject({
    driver: 'zephyr-cred',
    aliases: ['02a1b2c3d4e5'],
  });
  const publicKey = Buffer.from(device.publicKey, 'base64url').toString('hex');
  expect(await page.evaluate(() => window.rig.evidence())).toMatchObject({ publicKey, possession: 'static' });
  const written = await page.evaluate((it) => window.rig.install(it), bundle);
  expect(written).toMatchObject([{ parts: ['anchor'] }, { parts: ['leaf', 'chain'] }]);
  expect(stored(device, 'SERV')).toBe(`${bundle.leafPem}${bundle.chainPem}\0`);
  expect(stored(device, 'CA')).toBe(`${bundle.anchorPem}\0`);
  expect(await page.evaluate((it) => window.rig.installed(it), bundle)).toEqual(written);
}

/** Cut after so many bytes, then connected again: the second attempt finishes what the first began. */
async function cutAndResume(device: ZephyrCredDevice, connect: () => Promise<unknown>): Promise<void> {
  const bundle = bundleOf();
  device.misbehave({ kind: 'drop', afterBytes: 4_000 });
  expect(await connect()).toBe('zephyr-cred');
  expect(await page.evaluate((it) => window.rig.install(it), bundle)).toBe('link_lost');
  await page.evaluate(() => window.rig.close());
  expect(await connect()).toBe('zephyr-cred');
  expect(await page.evaluate((it) => window.rig.install(it), bundle)).toHaveLength(2);
  expect(stored(device, 'SERV')).toBe(`${bundle.leafPem}${bundle.chainPem}\0`);
}

describe('Web Serial', () => {
  let device: ZephyrCredDevice;
  let pty: DevicePty;

  const plugIn = async (next: ZephyrCredDevice) => {
    device = next;
    pty = await servePty(device, join(serial.directory, 'tty'), true);
    serial.plug(pty.path);
    await page.goto(server.origin);
    await page.waitForFunction(async () => (await navigator.serial.getPorts()).length === 1);
  };
  const connect = () => page.evaluate(() => window.rig.choose('serial', 'known-first'));

  afterEach(async () => {
    await page.evaluate(() => window.rig.close());
    await pty.close();
    serial.unplug();
    // The next test would else find this port.
    await page.waitForFunction(async () => (await navigator.serial.getPorts()).length === 0);
  });

  it('identifies, reads evidence, installs and reads back', async () => {
    await plugIn(await simulatedDevice());
    expect(await connect()).toBe('zephyr-cred');
    await proveAll(device);
  });

  it('survives a cable pulled in the middle of the installation', async () => {
    await plugIn(await simulatedDevice({}));
    await cutAndResume(device, connect);
  });

  it('says so when the adapter is unplugged, and finds the new port after replugging', async () => {
    await plugIn(await simulatedDevice());
    expect(await connect()).toBe('zephyr-cred');
    serial.unplug();
    await page.waitForFunction(async () => (await navigator.serial.getPorts()).length === 0);
    expect(await page.evaluate(() => window.rig.identify())).toBe('link_lost');
    await page.evaluate(() => window.rig.close());
    expect(await page.evaluate(() => window.rig.choose('serial', 'known-only'))).toBe('no_device_chosen');
    serial.plug(pty.path);
    await page.waitForFunction(async () => (await navigator.serial.getPorts()).length === 1);
    expect(await connect()).toBe('zephyr-cred');
  });

  it('tells silence and noise apart', async () => {
    await plugIn(await simulatedDevice({ misbehaviour: { kind: 'silent' } }));
    expect(await connect()).toBe('device_silent');
    device.misbehave({ kind: 'garbage' });
    expect(await connect()).toBe('driver_unknown');
    device.misbehave(undefined);
    expect(await connect()).toBe('zephyr-cred');
  });
});

describe('Web Bluetooth', () => {
  let device: ZephyrCredDevice;
  let peripheral: Peripheral;

  beforeAll(async () => {
    device = await simulatedDevice({ firmware: { nrfCloudCred: true, printsAtBoot: false } });
    peripheral = zephyrPeripheral(bluez, device, ADDRESS);
    await page.goto(server.origin);
    await answerBluetoothPrompts(page, ADDRESS);
  });
  afterEach(() => page.evaluate(() => window.rig.close()));

  const connect = () => page.evaluate(() => window.rig.choose('bluetooth', 'known-first'));

  it('identifies, reads evidence, installs and reads back', async () => {
    await page.click('#ask');
    expect(await page.evaluate(() => window.rig.asked())).toBe('zephyr-cred');
    await proveAll(device);
  });

  it('survives the link going in the middle of the installation', async () => {
    await cutAndResume(device, connect);
  });

  it('ends a wait that the system never answers', async () => {
    expect(await connect()).toBe('zephyr-cred');
    peripheral.drop('silent');
    expect(await page.evaluate(() => window.rig.identify())).toBe('link_lost');
    expect(await connect()).toBe('zephyr-cred');
  });

  it('connects again by itself when the link falls right after it came up', async () => {
    // The browser gives a link back after the page has: one of before would be a third that falls. What it says of a link that
    // the device ended, it knows itself.
    expect(await connect()).toBe('zephyr-cred');
    peripheral.drop();
    await page.waitForFunction(async () =>
      (await navigator.bluetooth.getDevices()).every(({ gatt }) => gatt?.connected === false),
    );
    await page.evaluate(() => window.rig.close());
    peripheral.failsAtFirst = 2;
    expect(await connect()).toBe('zephyr-cred');
    expect(peripheral.failsAtFirst).toBe(0);
  });

  it('knows the device after a reload, without a chooser', async () => {
    await page.reload();
    expect(await page.evaluate(() => window.rig.choose('bluetooth', 'known-only'))).toBe('zephyr-cred');
  });

  it('says of a device that is off that it did not answer, and finds it when it is on again', async () => {
    peripheral.switchOff();
    expect(await connect()).toBe('timed_out');
    peripheral.switchOn();
    expect(await connect()).toBe('zephyr-cred');
  });

  it('says that only a reload helps where the page’s Bluetooth pipe is closed, and after it all is well', async () => {
    // What an earlier test did to the page's pipe is none of this one's: it closes the pipe itself.
    await page.reload();
    expect(await connect()).toBe('zephyr-cred');
    const held = peripheral.hold();
    const cut = page.evaluate(() => window.rig.identify());
    await held;
    peripheral.drop('late');
    expect(await cut).toBe('link_lost');
    // Each way to a device says so, also the chooser's, which would else never open and never end.
    expect(await connect()).toBe('link_stuck');
    await page.click('#ask');
    expect(await page.evaluate(() => window.rig.asked())).toBe('link_stuck');
    await page.reload();
    expect(await page.evaluate(() => window.rig.choose('bluetooth', 'known-only'))).toBe('zephyr-cred');
  });
});
