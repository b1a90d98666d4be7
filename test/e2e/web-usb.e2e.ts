import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import { serveUart, type UartDevice, type UartServer } from '../../simulator/uart-sockets.ts';
import { bundleOf } from '../support/device-bundle.ts';
// biome-ignore lint/correctness/noUnusedImports: brings window.rig's type
import type { rig as _ } from '../support/device-page.ts';
import { type DeviceRig, startDeviceRig } from '../support/device-rig.ts';
import { simulatedDevice } from '../support/device-simulated.ts';

// WebUSB in a real Chromium, its own code down to an emulated usbfs, against a simulated board with a serial port.
let rig: DeviceRig;
let far: UartServer | undefined;

beforeAll(async () => {
  rig = await startDeviceRig();
});

afterAll(() => rig?.close());

async function plugIn(device: UartDevice, resetOnOpen = true): Promise<void> {
  far = await serveUart(device, { path: rig.serial.usbSocket }, resetOnOpen);
  rig.serial.plugUsb();
  await shows(1);
}

const shows = (count: number) =>
  rig.page.waitForFunction(async (it) => (await navigator.usb.getDevices()).length === it, count);

async function unplug(): Promise<void> {
  rig.serial.unplugUsb();
  await far?.close();
  far = undefined;
  await shows(0);
}

const connect = (pick: 'known-first' | 'known-only' = 'known-first') =>
  rig.page.evaluate((it) => window.rig.choose('usb', it), pick);

const stored = (device: ZephyrCredDevice, slot: string) => Buffer.from(device.stored(slot) ?? []).toString();

describe('a board on WebUSB', () => {
  afterEach(async () => {
    await rig.page.evaluate(() => window.rig.close());
    if (far !== undefined) await unplug();
  });

  it('identifies, gives evidence, installs and reads back, the line set as a console wants it', async () => {
    const device = await simulatedDevice();
    await plugIn(device);
    expect(await rig.page.evaluate(() => window.rig.links())).toMatchObject({ serial: true, usb: true });
    expect(await connect()).toBe('zephyr-cred');
    expect(await rig.page.evaluate(() => window.rig.identify())).toMatchObject({ aliases: ['02a1b2c3d4e5'] });
    const publicKey = Buffer.from(device.publicKey, 'base64url').toString('hex');
    expect(await rig.page.evaluate(() => window.rig.evidence())).toMatchObject({ publicKey });
    const bundle = bundleOf();
    const written = await rig.page.evaluate((it) => window.rig.install(it), bundle);
    expect(written).toMatchObject([{ parts: ['anchor'] }, { parts: ['leaf', 'chain'] }]);
    expect(stored(device, 'SERV')).toBe(`${bundle.leafPem}${bundle.chainPem}\0`);
    expect(await rig.page.evaluate((it) => window.rig.installed(it), bundle)).toEqual(written);
    await rig.page.evaluate(() => window.rig.close());
    // The browser's own USB service closes after it has answered the page.
    await expect.poll(() => rig.serial.usbLog()).toContain('close');
    const log = rig.serial.usbLog();
    for (const line of ['line coding 115200', 'lines dtr=1 rts=0', 'lines dtr=0 rts=0'])
      expect(log).toContain(line);
    expect(log.filter((line) => line.startsWith('reads at once'))).toEqual(['reads at once 1']);
  });

  it('survives a cable pulled in the middle of the installation', async () => {
    const device = await simulatedDevice();
    await plugIn(device);
    const bundle = bundleOf();
    device.misbehave({ kind: 'drop', afterBytes: 4_000 });
    expect(await connect()).toBe('zephyr-cred');
    expect(await rig.page.evaluate((it) => window.rig.install(it), bundle)).toBe('link_lost');
    await rig.page.evaluate(() => window.rig.close());
    expect(await connect()).toBe('zephyr-cred');
    expect(await rig.page.evaluate((it) => window.rig.install(it), bundle)).toHaveLength(2);
    expect(stored(device, 'SERV')).toBe(`${bundle.leafPem}${bundle.chainPem}\0`);
  });

  it('says so when it is unplugged, and is found again after replugging and after a reload', async () => {
    const device = await simulatedDevice();
    await plugIn(device);
    expect(await connect()).toBe('zephyr-cred');
    await unplug();
    expect(await rig.page.evaluate(() => window.rig.identify())).toBe('link_lost');
    await rig.page.evaluate(() => window.rig.close());
    expect(await connect('known-only')).toBe('no_device_chosen');
    await plugIn(device);
    expect(await connect('known-only')).toBe('zephyr-cred');
    await rig.page.reload();
    expect(await connect('known-only')).toBe('zephyr-cred');
  });

  it('says that another tab holds it, and that a device without a sound is silent', async () => {
    const device = await simulatedDevice();
    await plugIn(device);
    const other = await rig.context.newPage();
    await other.goto(rig.origin);
    expect(await other.evaluate(() => window.rig.choose('usb', 'known-only'))).toBe('zephyr-cred');
    expect(await connect()).toBe('link_busy');
    await other.close();
    device.misbehave({ kind: 'silent' });
    expect(await connect()).toBe('device_silent');
  });
});

describe('the port alone', () => {
  const MEBIBYTE = 2 ** 20;

  /** Answers each byte `g` with all of `bytes`, and anything else with itself. */
  function talker(bytes: Uint8Array): UartDevice {
    return {
      reset: () => undefined,
      attachUart: (onBytes) => ({
        send: async (got) => onBytes(got[0] === 0x67 ? bytes : got.slice()),
        detach: () => undefined,
      }),
    };
  }

  afterEach(unplug);

  it('reads 1 MiB whole with never more than one transfer in flight', async () => {
    const bytes = randomBytes(MEBIBYTE);
    await plugIn(talker(bytes), false);
    const got = await rig.page.evaluate(async (total) => {
      const original = USBDevice.prototype.transferIn;
      let [now, most] = [0, 0];
      USBDevice.prototype.transferIn = function (...given) {
        most = Math.max(most, ++now);
        const transfer = original.apply(this, given);
        const over = () => {
          now -= 1;
        };
        transfer.then(over, over);
        return transfer;
      };
      const link = await window.rig.usbLink();
      const all = new Uint8Array(total);
      let at = 0;
      const whole = new Promise<void>((resolve) => {
        link.listen((chunk) => {
          all.set(chunk, at);
          at += chunk.length;
          if (at === total) resolve();
        });
      });
      await link.write(new TextEncoder().encode('g'), new AbortController().signal);
      await whole;
      await link.close();
      USBDevice.prototype.transferIn = original;
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
      return { most, digest: [...digest] };
    }, MEBIBYTE);
    expect(got.most).toBe(1);
    expect(Buffer.from(got.digest)).toEqual(createHash('sha256').update(bytes).digest());
  });

  it('has a fresh stream after a cancel, which loses nothing that was asked for before, and opens again', async () => {
    await plugIn(talker(new Uint8Array(0)), false);
    const said = await rig.page.evaluate(async () => {
      const port = await window.rig.usbPort();
      const say = async (text: string) => {
        const writer = port.writable?.getWriter();
        await writer?.write(new TextEncoder().encode(text));
        writer?.releaseLock();
      };
      const hear = async () => {
        const reader = port.readable?.getReader();
        const { value } = (await reader?.read()) ?? {};
        reader?.releaseLock();
        return new TextDecoder().decode(value);
      };
      const heard: string[] = [];
      for (let opening = 0; opening < 2; opening++) {
        await port.open({ baudRate: 115_200, bufferSize: 4_096 });
        const first = port.readable?.getReader();
        const pending = first?.read();
        await first?.cancel();
        heard.push(`cancelled ${(await pending)?.done}`);
        first?.releaseLock();
        await say('one');
        heard.push(await hear());
        await say('two');
        heard.push(await hear());
        await port.close();
        heard.push(`closed ${port.readable}`);
      }
      return heard;
    });
    const each = ['cancelled true', 'one', 'two', 'closed null'];
    expect(said).toEqual([...each, ...each]);
  });

  it('ends a read and a write by a typed error when it is unplugged, and is then neither readable nor writable', async () => {
    await plugIn(talker(new Uint8Array(0)), false);
    const ended = rig.page.evaluate(async () => {
      const port = await window.rig.usbPort();
      const events: string[] = [];
      port.addEventListener('disconnect', () => events.push('disconnect'));
      await port.open({ baudRate: 115_200, bufferSize: 4_096 });
      const reader = port.readable?.getReader();
      document.title = 'reading';
      const error = await reader?.read().catch((thrown: unknown) => thrown);
      reader?.releaseLock();
      const name = error instanceof DOMException ? error.name : typeof error;
      const gone = () => [name, port.readable, port.writable, ...events];
      while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await port.close();
      return gone();
    });
    await rig.page.waitForFunction(() => document.title === 'reading');
    rig.serial.unplugUsb();
    await far?.close();
    expect(await ended).toEqual(['NetworkError', null, null, 'disconnect']);
    rig.serial.plugUsb();
    await shows(1);
  });
});
