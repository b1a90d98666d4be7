import { ArduinoBoard } from '../../simulator/profiles/arduino/arduino-board.ts';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { EspClaimDevice } from '../../simulator/profiles/esp/esp-device.ts';
import { FILES_FIRMWARE } from '../../simulator/profiles/firmware.ts';
import { ImprovDevice } from '../../simulator/profiles/improv/improv-device.ts';
import { NordicModemDevice } from '../../simulator/profiles/nordic/nordic-modem.ts';
import { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import type { UartDevice } from '../../simulator/uart-sockets.ts';
import { espPeripheral } from './bluez/esp-peripheral.ts';
import type { FakeBluez } from './bluez/fake-bluez.ts';
import { improvPeripheral } from './bluez/improv-peripheral.ts';
import type { Peripheral } from './bluez/peripheral.ts';
import { zephyrPeripheral } from './bluez/zephyr-peripheral.ts';

/** A simulated device as a test of every driver needs it: what it is by itself, and the wires it has. */
export interface RowDevice {
  readonly uart?: UartDevice;
  readonly air?: (bluez: FakeBluez, address: string) => Peripheral;
  /** Its reset button, where a visit may leave it wanting that. */
  readonly restart?: () => void;
  /** SubjectPublicKeyInfo; none where the firmware has no key. */
  readonly publicKey?: Uint8Array;
  readonly secret?: string;
  /** What it stored of a certificate, as its firmware would use it. */
  readonly certificate?: () => string;
  readonly wifi?: { readonly ssid: string; readonly password: string };
}

export interface DriverRow {
  readonly driver: string;
  readonly links: readonly ('serial' | 'usb' | 'bluetooth')[];
  make(): Promise<RowDevice>;
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1');
const keyOf = (device: { readonly publicKey: string }) => Buffer.from(device.publicKey, 'base64url');
const NETWORK = { ssid: 'a longer network name', password: 'correct horse' };

async function zephyr(firmware: object): Promise<RowDevice> {
  const device = await ZephyrCredDevice.start({ state: await newDeviceState('mac-02a1b2c3d4e5'), firmware });
  return {
    uart: device,
    air: (bluez, address) => zephyrPeripheral(bluez, device, address),
    publicKey: keyOf(device),
    certificate: () => text(device.stored('SERV') ?? device.files?.content('certificate')),
  };
}

/** Every driver with a device for it, over each link it has. A new driver adds a row. */
export const DRIVER_ROWS: readonly DriverRow[] = [
  {
    driver: 'zephyr-cred',
    links: ['serial', 'usb', 'bluetooth'],
    make: () => zephyr({ nrfCloudCred: true, printsAtBoot: false }),
  },
  {
    driver: 'smp-files',
    links: ['serial', 'usb', 'bluetooth'],
    make: () => zephyr(FILES_FIRMWARE),
  },
  {
    driver: 'nordic-modem',
    links: ['serial', 'usb'],
    async make() {
      const device = await NordicModemDevice.start({ state: await newDeviceState('imei-352656100367872') });
      return {
        uart: device,
        // Another one once an orphan was replaced.
        get publicKey() {
          return keyOf(device);
        },
        certificate: () => text(device.stored('1')),
      };
    },
  },
  {
    driver: 'arduino',
    links: ['serial', 'usb'],
    async make() {
      const device = await ArduinoBoard.start({ state: await newDeviceState('mac-02a1b2c3d4e6') });
      return { uart: device, publicKey: keyOf(device) };
    },
  },
  {
    driver: 'esp-claim',
    links: ['bluetooth'],
    async make() {
      const state = await newDeviceState('mac-02a1b2c3d4e7');
      // Values of 400 bytes over an MTU of 100: the platform has to cut them.
      const device = await EspClaimDevice.start({
        state,
        firmware: { security: 2, valueLimit: 512, network: NETWORK },
      });
      return {
        air: (bluez, address) => espPeripheral(bluez, device, address, { attMtu: 100 }),
        publicKey: keyOf(device),
        secret: device.pop,
        restart: () => device.reset(),
        certificate: () => device.certificate ?? '',
        wifi: NETWORK,
      };
    },
  },
  {
    driver: 'improv',
    links: ['serial', 'usb', 'bluetooth'],
    async make() {
      const device = new ImprovDevice(NETWORK);
      return {
        uart: device,
        air: (bluez, address) => improvPeripheral(bluez, device, address),
        wifi: NETWORK,
      };
    },
  },
];
