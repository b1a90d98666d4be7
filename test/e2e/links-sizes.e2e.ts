import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../simulator/profiles/esp/esp-device.ts';
import { ImprovDevice } from '../../simulator/profiles/improv/improv-device.ts';
import { espPeripheral } from '../support/bluez/esp-peripheral.ts';
import type { Air } from '../support/bluez/gatt-objects.ts';
import { improvPeripheral } from '../support/bluez/improv-peripheral.ts';
import { zephyrPeripheral } from '../support/bluez/zephyr-peripheral.ts';
import { answerBluetoothPrompts } from '../support/device-browser.ts';
import { bundleOf } from '../support/device-bundle.ts';
// biome-ignore lint/correctness/noUnusedImports: brings window.rig's type
import type { rig as _ } from '../support/device-page.ts';
import { type DeviceRig, startDeviceRig } from '../support/device-rig.ts';
import { simulatedDevice } from '../support/device-simulated.ts';

// Every Bluetooth protocol through Chromium's own code on links that let through only what their ATT MTU does.
let rig: DeviceRig;
let address = '';
let addresses = 0;

beforeAll(async () => {
  rig = await startDeviceRig();
  await answerBluetoothPrompts(rig.page, () => address);
});

afterAll(() => rig?.close());
afterEach(() => rig.page.evaluate(() => window.rig.close()));

function nextAddress(): string {
  addresses += 1;
  address = `AA:BB:CC:00:44:${String(addresses).padStart(2, '0')}`;
  return address;
}

async function connect(): Promise<string> {
  await rig.page.click('#ask');
  return rig.page.evaluate(() => window.rig.asked());
}

describe('SMP', () => {
  const LINKS: readonly Air[] = [
    { attMtu: 23, beyondMtu: 'refused' },
    { attMtu: 185, beyondMtu: 'cut' },
    { attMtu: 185, beyondMtu: 'lost' },
  ];

  it.each(LINKS)('installs over an MTU of $attMtu, what is beyond it $beyondMtu', async (air) => {
    const firmware = { nrfCloudCred: true, printsAtBoot: false, attMtu: air.attMtu };
    const device = await simulatedDevice({ firmware });
    const peripheral = zephyrPeripheral(rig.bluez, device, nextAddress(), air);
    expect(await connect()).toBe('zephyr-cred');
    const bundle = bundleOf();
    expect(await rig.page.evaluate((it) => window.rig.install(it), bundle)).toHaveLength(2);
    expect(Buffer.from(device.stored('SERV') ?? []).toString()).toBe(`${bundle.leafPem}${bundle.chainPem}\0`);
    // Written without response, so nothing may cut a value for us.
    expect(peripheral.mostPieces).toBe(1);
  });
});

describe('protocomm, whose request is one value', () => {
  const esp = async (air: Partial<Air>) => {
    const state = await newDeviceState('mac-02a1b2c3d4e7');
    const device = await EspClaimDevice.start({ state, firmware: { security: 2, valueLimit: 512 } });
    return { device, peripheral: espPeripheral(rig.bluez, device, nextAddress(), air) };
  };

  it('is cut into prepared writes by the platform where the MTU is small', async () => {
    const { device, peripheral } = await esp({ attMtu: 23 });
    await rig.page.evaluate((pop) => window.rig.scan(pop), device.pop);
    expect(await connect()).toBe('esp-claim');
    expect(await rig.page.evaluate(() => window.rig.identify())).toMatchObject({ model: 'esp32c3' });
    // SRP's public key of 384 bytes, 18 to a prepared write.
    expect(peripheral.mostPieces).toBeGreaterThan(384 / 18);
  });

  it('says that the device refused where its firmware takes no prepared writes', async () => {
    const { device } = await esp({ attMtu: 247, longWrites: false });
    await rig.page.evaluate((pop) => window.rig.scan(pop), device.pop);
    expect(await connect()).toBe('esp-claim');
    expect(await rig.page.evaluate(() => window.rig.identify())).toBe('device_refused');
  });
});

describe('Improv', () => {
  it('joins a network over the smallest MTU, its command in pieces', async () => {
    const network = { ssid: 'a longer network name', password: 'correct horse' };
    const device = new ImprovDevice(network);
    const peripheral = improvPeripheral(rig.bluez, device, nextAddress(), { attMtu: 23 });
    expect(await connect()).toBe('improv');
    const joined = await rig.page.evaluate((it) => window.rig.wifiJoin(it.ssid, it.password), network);
    expect(joined).toBe('joined');
    expect([device.state, peripheral.mostPieces]).toEqual([4, 1]);
  });
});
