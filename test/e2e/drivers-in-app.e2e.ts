import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceState } from '../../contract/device-state.ts';
import type { ListRow } from '../../contract/list-row.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { ArduinoBoard } from '../../simulator/profiles/arduino/arduino-board.ts';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../simulator/profiles/esp/esp-device.ts';
import { FILES_FIRMWARE } from '../../simulator/profiles/firmware.ts';
import { ImprovDevice } from '../../simulator/profiles/improv/improv-device.ts';
import { NordicModemDevice } from '../../simulator/profiles/nordic/nordic-modem.ts';
import { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import { type DevicePty, servePty } from '../../simulator/pty.ts';
import { serveUart, type UartDevice } from '../../simulator/uart-sockets.ts';
import { connectAndRead, save, troubleOn, typeLabel } from '../support/bench-device.ts';
import { espPeripheral } from '../support/bluez/esp-peripheral.ts';
import { improvPeripheral } from '../support/bluez/improv-peripheral.ts';
import { answerBluetoothPrompts } from '../support/device-browser.ts';
import { deviceFolder, type FieldApp, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { rowsIn } from '../support/list-rows.ts';
import { PATIENCE } from '../support/patience.ts';
import { photoOf, printLabel } from '../support/photo.ts';
import { OAK_STREET } from '../support/server.ts';

// Each firmware's whole way through the real app, over the browser's real Bluetooth and serial, offline in the middle.
let app: FieldApp;
let page: Page;
let address = '';
let pty: DevicePty | undefined;

beforeAll(async () => {
  app = await startFieldApp();
  page = await app.open();
  await signInAndPrepare(page, 'ines');
  await answerBluetoothPrompts(page, () => address);
});

afterEach(async () => {
  await page.context().setOffline(false);
  expect(app.offences).toEqual([]);
  expect(app.server.faults).toEqual([]);
  if (pty === undefined) return;
  app.serial.unplug();
  await pty.close();
  pty = undefined;
  await page.waitForFunction(async () => (await navigator.serial.getPorts()).length === 0);
});

afterAll(() => app?.close());

interface Made {
  readonly udid: string;
  readonly publicKey: string;
}

/** On the maker's list, and with it on this phone. */
async function listed(device: Made, changes: Partial<ListRow> = {}): Promise<void> {
  const { udid, publicKey } = device;
  const row: ListRow = { maker: 'acme', udid, aliases: [], anchor: 'key', publicKey, ...changes };
  await tapTo(page, '/ready');
  const listed = page.getByText(/^\d+ devices? listed/).first();
  const count = Number.parseInt((await listed.textContent()) ?? '', 10);
  // Only now: the app also fetches by itself, and a count that has it already would be waited for one too high.
  await app.server.importList('northfield', [row]);
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await page.getByText(new RegExp(`^${count + 1} devices? listed`)).waitFor();
}

async function plugIn(device: UartDevice): Promise<void> {
  pty = await servePty(device, deviceFolder(app), true);
  app.serial.plug(pty.path);
  await page.waitForFunction(async () => (await navigator.serial.getPorts()).length === 1);
}

/** Back to the scanner, so that no half-done work is gone on with by the next test. */
async function giveUp(): Promise<void> {
  const scan = page.getByRole('heading', { name: 'Scan the label' });
  while ((await scan.count()) === 0) await page.getByRole('button', { name: 'Back' }).click();
}

async function offline(): Promise<void> {
  await page.context().setOffline(true);
  await tapTo(page, '/bind');
}

async function online(udid: string): Promise<void> {
  await page.context().setOffline(false);
  await tapTo(page, '/outbox');
  await page.click('[data-filter=all]');
  await page.locator(`a[data-device="${udid}"][data-standing=issued]`).waitFor({ timeout: PATIENCE });
}

/** Results of the checks on screen, by name. */
async function checks(): Promise<Record<string, string>> {
  // Those that passed are folded.
  await page.locator('.check[data-check]').first().waitFor({ state: 'attached' });
  return page
    .locator('.check[data-check]')
    .evaluateAll((rows) =>
      Object.fromEntries(
        rows.map((row) => [row.getAttribute('data-check') ?? '', row.getAttribute('data-result') ?? '']),
      ),
    );
}

async function placeAndSave(): Promise<void> {
  await page.getByRole('button', { name: 'Go on' }).click();
  await save(page, OAK_STREET);
  await page.getByRole('heading', { name: 'Saved on this phone' }).waitFor();
}

async function stateOf(udid: string): Promise<DeviceState | undefined> {
  const operator = await app.server.signIn('ines');
  const { devices } = (await operator.get('/api/devices?org=northfield')).body as { devices: DeviceState[] };
  return devices.find((device) => device.udid === udid);
}

async function openToWrite(udid: string): Promise<void> {
  await tapTo(page, '/');
  await page.locator(`[data-section=needs-me] a[data-device="${udid}"]`).click();
  await page.getByRole('heading', { name: 'Write the certificate' }).waitFor();
}

describe('esp-claim, over Bluetooth', () => {
  const udid = 'mac-02a1b2c3e501';
  let device: EspClaimDevice;

  beforeAll(async () => {
    // Security 2's public keys are 384 bytes, so such firmware has characteristics of the largest size.
    const firmware = { security: 2, valueLimit: 512 } as const;
    device = await EspClaimDevice.start({ state: await newDeviceState(udid), firmware });
    espPeripheral(app.bluez, device, 'AA:BB:CC:00:33:01');
    await listed(device);
  });

  it('first visit: secret from the label, Wi-Fi, evidence signed over our challenge, without signal', async () => {
    address = 'AA:BB:CC:00:33:01';
    await offline();
    await typeLabel(page, device.label);
    await page.click('[data-link=bluetooth]');
    await page.locator('[data-ability=fresh][data-can=yes]').waitFor();

    const { ssid, password } = device.firmware.network;
    await page.getByRole('button', { name: 'Set up its Wi-Fi' }).click();
    await page.locator(`[data-network="${ssid}"]`).click();
    await page.fill('#wifi-password', 'not the password');
    await page.getByRole('button', { name: 'Join' }).click();
    expect(await troubleOn(page)).toBe('wifi_password_wrong');
    await page.fill('#wifi-password', password);
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('heading', { name: 'The device is in the network' }).waitFor();
    await page.getByRole('button', { name: 'Go on' }).click();

    await page.getByRole('button', { name: /^Read / }).click();
    expect(await checks()).toMatchObject({
      csr_signature: 'passed',
      csr_key_is_device_key: 'not_checkable',
      possession: 'passed',
      device_identity: 'passed',
      list_key: 'passed',
    });
    await page.getByText(udid).waitFor();
    await placeAndSave();
    const kept = await page.evaluate(async () => {
      const names = (await indexedDB.databases()).map(({ name }) => name ?? '');
      const texts: string[] = [];
      for (const name of names) {
        const db = await new Promise<IDBDatabase>((resolve, reject) => {
          const opening = indexedDB.open(name);
          opening.onsuccess = () => resolve(opening.result);
          opening.onerror = () => reject(opening.error);
        });
        for (const store of db.objectStoreNames) {
          const all = db.transaction(store).objectStore(store).getAll();
          await new Promise((resolve) => {
            all.onsuccess = resolve;
          });
          texts.push(JSON.stringify(all.result));
        }
        db.close();
      }
      return texts.join('');
    });
    for (const secret of [device.pop, password]) expect(kept).not.toContain(secret);
    await online(udid);
    expect(await stateOf(udid)).toMatchObject({ state: 'issued', unproven: false });
  });

  it('second visit, after a restart: asks for the secret again, and a wrong one is told', async () => {
    await app.shut();
    page = await app.open();
    await answerBluetoothPrompts(page, () => address);
    await openToWrite(udid);
    await page.click('[data-link=bluetooth]');
    expect(await troubleOn(page)).toBe('presence_missing');
    await page.fill('#label-secret', 'another one');
    await page.getByRole('button', { name: 'Connect with this secret' }).click();
    await page.locator('[data-code=presence_wrong]').waitFor();
    // Two hands are few: the label's square code brings it as well.
    const label = await photoOf(await printLabel('qrcode', device.label), { size: 0.6, turn: 6, blur: 0.6 });
    await page.setInputFiles('[data-code=presence_wrong] input[type=file]', {
      name: 'label.jpg',
      mimeType: 'image/jpeg',
      buffer: label,
    });
    await page.getByRole('heading', { name: 'Certificate on device' }).waitFor({ timeout: PATIENCE });
    expect(device.certificate).toContain('-----BEGIN CERTIFICATE-----');
    await expect.poll(async () => (await stateOf(udid))?.state).toBe('installed');
  });
});

describe('nordic-modem, over a cable', () => {
  it('says that it makes a key, makes it once, and takes the certificate at the next visit', async () => {
    const device = await NordicModemDevice.start({ state: await newDeviceState('imei-490154203237518') });
    await listed(device);
    await plugIn(device);
    await offline();
    await typeLabel(page, device.label);
    await page.click('[data-link=serial]');
    await page.getByText('the device makes one now').waitFor();
    await page.getByRole('button', { name: 'Read or make its key' }).click();
    expect(await checks()).toMatchObject({
      csr_signature: 'passed',
      csr_subject: 'passed',
      possession: 'passed',
      device_identity: 'passed',
    });
    await placeAndSave();
    await online(device.udid);
    expect(await stateOf(device.udid)).toMatchObject({ unproven: false });
    await openToWrite(device.udid);
    await page.click('[data-link=serial]');
    await page.getByRole('heading', { name: 'Certificate on device' }).waitFor({ timeout: PATIENCE });
  });
});

describe('arduino, over a cable', () => {
  it('is bound by its own token, and nobody is asked to write what it cannot take', async () => {
    const device = await ArduinoBoard.start({ state: await newDeviceState('acme-arduino-1') });
    await listed(device, { aliases: [device.label] });
    await plugIn(device);
    await offline();
    await typeLabel(page, device.label);
    await page.click('[data-link=serial]');
    await page.locator('[data-ability=installs][data-can=no]').waitFor();
    await page.getByRole('button', { name: /^Read / }).click();
    expect(await checks()).toMatchObject({
      csr_signature: 'not_checkable',
      possession: 'not_checkable',
      device_identity: 'passed',
      list_key: 'passed',
    });
    await placeAndSave();
    await online(device.udid);
    expect(await stateOf(device.udid)).toMatchObject({ unproven: true });
    await page.locator('.row', { hasText: device.udid }).click();
    await page.getByText('fetches its certificate by other means').waitFor();
    expect(await page.getByRole('button', { name: 'Write its certificate' }).count()).toBe(0);
  });
});

describe('improv, over a cable', () => {
  it('has nothing to bind, and gets its Wi-Fi all the same', async () => {
    const device = new ImprovDevice();
    await plugIn(device);
    await tapTo(page, '/bind');
    await typeLabel(page, '02:a1:b2:c3:e5:04');
    await page.click('[data-link=serial]');
    expect(await troubleOn(page)).toBe('nothing_to_bind');
    await page.getByRole('button', { name: 'Set up its Wi-Fi' }).click();
    await page.locator('[data-network]').first().waitFor();
    await giveUp();
  });
});

describe('improv, over Bluetooth', () => {
  it('joins the network that the person chose', async () => {
    address = 'AA:BB:CC:00:33:05';
    const device = new ImprovDevice({ ssid: 'Werkstatt', password: 'correct horse' });
    improvPeripheral(app.bluez, device, address);
    await tapTo(page, '/bind');
    await typeLabel(page, '02:a1:b2:c3:e5:05');
    await page.click('[data-link=bluetooth]');
    expect(await troubleOn(page)).toBe('nothing_to_bind');
    await page.getByRole('button', { name: 'Set up its Wi-Fi' }).click();
    await page.locator('[data-network=Werkstatt]').click();
    await page.fill('#wifi-password', 'correct horse');
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('heading', { name: 'The device is in the network' }).waitFor();
    expect(device.state).toBe(4);
    await giveUp();
  });
});

describe('smp-files, over USB', () => {
  it('is bound by the request its maker left, and its files read back', async () => {
    const udid = 'mac-02a1b2c3e506';
    const device = await ZephyrCredDevice.start({
      state: await newDeviceState(udid),
      firmware: FILES_FIRMWARE,
    });
    await listed(device);
    const far = await serveUart(device, { path: app.serial.usbSocket }, true);
    app.serial.plugUsb();
    await page.waitForFunction(async () => (await navigator.usb.getDevices()).length === 1);
    await offline();
    await typeLabel(page, device.label);
    await connectAndRead(page, 'usb');
    expect(await checks()).toMatchObject({
      csr_signature: 'passed',
      possession: 'not_checkable',
      list_key: 'passed',
    });
    await placeAndSave();
    await online(udid);
    await openToWrite(udid);
    await page.click('[data-link=usb]');
    await page.getByRole('heading', { name: 'Certificate on device' }).waitFor({ timeout: PATIENCE });
    expect(device.files?.content('certificate')?.length).toBeGreaterThan(200);
    expect(await stateOf(udid)).toMatchObject({ unproven: true });
    app.serial.unplugUsb();
    await far.close();
  });
});

describe('a list at the bench', () => {
  it('is read off one device after another, survives a reload, and is what the importer takes', async () => {
    const modem = await NordicModemDevice.start({ state: await newDeviceState('imei-356938035643809') });
    const board = await ArduinoBoard.start({ state: await newDeviceState('acme-arduino-9') });
    await tapTo(page, '/bench');
    await page.fill('#bench-maker', 'acme');
    await page.fill('#bench-model', 'Meter 42');
    const read = async (device: UartDevice) => {
      await plugIn(device);
      await page.click('[data-link=serial]');
      await page.getByRole('button', { name: /^Read / }).click();
    };
    await read(modem);
    await page.locator(`[data-udid="${modem.udid}"]`).waitFor();
    app.serial.unplug();
    await pty?.close();
    await page.waitForFunction(async () => (await navigator.serial.getPorts()).length === 0);
    await read(board);
    await page.fill('#bench-label', 'SN-0815');
    await page.getByRole('button', { name: 'Use this code' }).click();
    await page.getByText('2 devices read').waitFor();

    await page.reload();
    await page.getByText('2 devices read').waitFor();
    const saved = async (button: RegExp) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: button }).click(),
      ]);
      return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
    };
    const list = await saved(/^Save the list/);
    expect(list.name).toBe('makers-list.csv');
    const { rows, faults } = await rowsIn(list.text, undefined, nodeCrypto);
    expect(faults).toEqual([]);
    // A modem shows its key only when it makes one, so that is left to the field; its maker's token stands for it.
    expect(rows.map(({ row }) => [row.anchor, row.publicKey])).toEqual([
      ['key', board.publicKey],
      ['voucher', undefined],
    ]);
    expect(rows.map(({ row }) => row.model)).toEqual(['Meter 42', 'Meter 42']);
    const tokens = await saved(/attestation token/);
    expect(tokens.name).toBe('attestation_tokens.csv');
    expect(tokens.text).toMatch(/^356938035643809,[0-9a-f-]{36},[\w-]+\.[\w-]+,20/);
  });
});
