import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { servePty } from '../../simulator/pty.ts';
import { serveUart } from '../../simulator/uart-sockets.ts';
import type { CredentialBundle } from '../../src/ports/device.ts';
import { bundleFor } from '../device/esp/certificate.ts';
import { Dice } from '../device/fuzz.ts';
import type { Peripheral } from '../support/bluez/peripheral.ts';
import { cutUart } from '../support/cut-uart.ts';
import { answerBluetoothPrompts } from '../support/device-browser.ts';
// biome-ignore lint/correctness/noUnusedImports: brings window.rig's type
import type { rig as _ } from '../support/device-page.ts';
import { type DeviceRig, startDeviceRig } from '../support/device-rig.ts';
import { DRIVER_ROWS, type RowDevice } from '../support/driver-rows.ts';

// Each driver's whole way in a real Chromium over each link it has, once undisturbed, once cut anywhere, once cut thrice.
type LinkName = 'serial' | 'usb' | 'bluetooth';
const CHALLENGE = 'c4'.repeat(32);

let rig: DeviceRig;
let address = '';
let addresses = 0;

beforeAll(async () => {
  rig = await startDeviceRig();
  await answerBluetoothPrompts(rig.page, () => address);
});

afterAll(() => rig?.close());

/** A device on a link: how far it has come, and a way to break it. */
interface Connected {
  /** Bytes on a wire, operations on air. */
  readonly moved: () => number;
  readonly cuts: () => number;
  /** The first counted from now, each other one from the one before. */
  cutAfter(...steps: readonly number[]): void;
  unplug(): Promise<void>;
}

async function plugIn(device: RowDevice, link: LinkName, resetOnOpen: boolean): Promise<Connected> {
  if (link === 'bluetooth') return onAir(device);
  if (device.uart === undefined) throw new Error('no wire');
  const uart = cutUart(device.uart);
  const { page, serial } = rig;
  const shows = (count: number) =>
    page.waitForFunction(
      async ([of, it]) =>
        (await (of === 'usb' ? navigator.usb.getDevices() : navigator.serial.getPorts())).length === it,
      [link, count] as const,
    );
  const far =
    link === 'usb'
      ? await serveUart(uart, { path: serial.usbSocket }, resetOnOpen)
      : await servePty(uart, join(serial.directory, 'tty'), resetOnOpen);
  if ('path' in far) serial.plug(far.path);
  else serial.plugUsb();
  await shows(1);
  return {
    ...uart,
    async unplug() {
      if ('path' in far) serial.unplug();
      else serial.unplugUsb();
      await far.close();
      await shows(0);
    },
  };
}

function onAir(device: RowDevice): Connected {
  addresses += 1;
  address = `AA:BB:CC:00:33:${String(addresses).padStart(2, '0')}`;
  const peripheral: Peripheral | undefined = device.air?.(rig.bluez, address);
  if (peripheral === undefined) throw new Error('no air');
  return {
    moved: () => peripheral.operations,
    cuts: () => peripheral.drops,
    cutAfter: (...steps) => peripheral.dropAfter(...steps),
    unplug: async () => peripheral.leave(),
  };
}

async function connect(link: LinkName): Promise<string> {
  if (link !== 'bluetooth') return rig.page.evaluate((it) => window.rig.choose(it, 'known-only'), link);
  await rig.page.click('#ask');
  return rig.page.evaluate(() => window.rig.asked());
}

/** What the app has kept of the device over its visits. */
interface Kept {
  evidence?: object;
  joined?: boolean;
  installed?: readonly object[];
}

/** From connecting to done, skipping what is done; the code of what stopped it. */
async function visit(
  device: RowDevice,
  link: LinkName,
  bundle: CredentialBundle,
  kept: Kept,
): Promise<string> {
  const { page } = rig;
  const driver = await connect(link);
  const traits = await page.evaluate(() => window.rig.traits());
  if (traits?.name !== driver) return driver;
  const identity = await page.evaluate(() => window.rig.identify());
  if (typeof identity === 'string') return identity;
  if (device.wifi !== undefined && !kept.joined) {
    const joined = await page.evaluate((it) => window.rig.wifiJoin(it.ssid, it.password), device.wifi);
    if (joined !== 'joined') return joined;
    kept.joined = true;
  }
  if (traits.evidence !== 'none' && kept.evidence === undefined) {
    const evidence = await page.evaluate(() => window.rig.evidence());
    if (typeof evidence === 'string') return evidence;
    kept.evidence = evidence;
  }
  if (traits.installs && kept.installed === undefined) {
    const written = await page.evaluate((it) => window.rig.install(it), bundle);
    if (typeof written === 'string') return written;
    kept.installed = written;
  }
  return 'done';
}

interface Way {
  readonly link: LinkName;
  readonly bundle: CredentialBundle;
  readonly cuts?: number;
}

/**
 * Visits until all is done and every cut has happened. What comes last on the way is not always needed, so a cut there may
 * stop nothing; and the way was measured with a reset, whose output may be longer. The next visit, which has nothing left to
 * do, then meets the cuts that remain.
 */
async function untilDone(device: RowDevice, { link, bundle, cuts = 0 }: Way, wire: Connected) {
  const kept: Kept = {};
  const said: string[] = [];
  let steps = 0;
  while ((said.at(-1) !== 'done' || wire.cuts() < cuts) && said.length < 9) {
    const before = wire.cuts();
    said.push(await visit(device, link, bundle, kept));
    steps = wire.moved();
    await rig.page.evaluate(() => window.rig.close());
    // A modem shows its request only when it makes the key: what a cut swallowed is made again, if the person agrees.
    if (said.at(-1) === 'key_exists') await rig.page.evaluate(() => window.rig.replaceOrphanKey(true));
    else if (said.at(-1) === 'restart_needed') device.restart?.();
    else if (said.at(-1) !== 'done') expect(wire.cuts(), `run ${RUN}: ${said}`).toBeGreaterThan(before);
  }
  return { kept, said, steps };
}

function expectAll(device: RowDevice, bundle: CredentialBundle, kept: Kept): void {
  if (device.publicKey !== undefined)
    expect(kept.evidence).toMatchObject({ publicKey: Buffer.from(device.publicKey).toString('hex') });
  if (device.wifi !== undefined) expect(kept.joined).toBe(true);
  if (device.certificate === undefined) return;
  const der = Buffer.from(bundle.leafPem.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString('latin1');
  const stored = device.certificate();
  expect(stored.includes(der) || stored.replace(/\r/g, '').includes(bundle.leafPem.trim())).toBe(true);
}

/** Where the cuts are: other places in each run. A failure names the run's number; set here, it cuts there again. */
const RUN = Date.now() % 1_000_000;

/** Its own for each case, so that one alone repeats as well. */
function diceOf(run: number, ...of: readonly unknown[]): Dice {
  const digest = createHash('sha256')
    .update([run, ...of].join())
    .digest();
  return new Dice(digest.readUInt32BE());
}

const CASES = DRIVER_ROWS.flatMap(({ driver, links, make }) => links.map((link) => ({ driver, link, make })));

console.info(`cuts of run ${RUN}`);

describe.each(CASES)('$driver over $link', ({ driver, link, make }) => {
  let on: Connected | undefined;
  /** Steps of the whole way, and of connecting to a device that is done already. */
  let whole = 0;
  let again = 0;

  const ready = async (resetOnOpen: boolean) => {
    const device = await make();
    on = await plugIn(device, link, resetOnOpen);
    const { page } = rig;
    await page.evaluate(() => window.rig.forget());
    await page.evaluate((bytes) => window.rig.challenge(bytes), CHALLENGE);
    if (device.secret !== undefined) await page.evaluate((it) => window.rig.scan(it), device.secret);
    const bundle = bundleFor(device.publicKey ?? (await strangersKey()), { chain: 300 });
    return { device, bundle, on };
  };

  afterEach(async () => {
    await rig.page.evaluate(() => window.rig.close());
    await on?.unplug();
    on = undefined;
  });

  it('goes its whole way, reset by being opened', async () => {
    const { device, bundle, on: wire } = await ready(true);
    const { kept, said, steps } = await untilDone(device, { link, bundle }, wire);
    expect(said).toEqual(['done']);
    expectAll(device, bundle, kept);
    whole = steps;
    const before = wire.moved();
    expect(await connect(link)).toBe(driver);
    again = wire.moved() - before;
    const traits = await rig.page.evaluate(() => window.rig.traits());
    if (traits?.readsBack)
      expect(await rig.page.evaluate((it) => window.rig.installed(it), bundle)).toEqual(kept.installed);
  });

  it.each([1, 3])('resumes after %i cuts, wherever they are', async (cuts) => {
    const dice = diceOf(RUN, driver, link, cuts);
    const { device, bundle, on: wire } = await ready(false);
    // The first anywhere on the way; the others on the way that is left for sure.
    const places = Array.from({ length: cuts }, (_, nth) =>
      Math.ceil((dice.roll(1_000) / 1_000) * 0.95 * (nth === 0 ? whole : again)),
    );
    wire.cutAfter(...places);
    const { kept, said } = await untilDone(device, { link, bundle, cuts }, wire);
    expect(said.at(-1), `run ${RUN}, cut at ${places}: ${said}`).toBe('done');
    expect(wire.cuts(), `run ${RUN}, cut at ${places}: ${said}`).toBe(cuts);
    expectAll(device, bundle, kept);
  });
});

/** For a device that has no key: nothing is installed on it. */
async function strangersKey(): Promise<Uint8Array> {
  const { publicKey } = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
  ])) as CryptoKeyPair;
  return new Uint8Array(await crypto.subtle.exportKey('spki', publicKey));
}
