import {
  GATT_CHARACTERISTIC,
  GATT_SERVICE,
  type ZephyrCredDevice,
} from '../../../simulator/profiles/zephyr-cred.ts';
import type { FakeBluez } from './fake-bluez.ts';
import type { Air } from './gatt-objects.ts';
import type { Peripheral } from './peripheral.ts';

/** Anything simulated that has SMP's characteristic. */
type SmpDevice = Pick<ZephyrCredDevice, 'attachGatt' | 'udid'> & {
  readonly firmware: { readonly attMtu: number };
};

/** Puts a simulated Zephyr device on the fake BlueZ, advertising SMP. */
export function zephyrPeripheral(
  bluez: FakeBluez,
  device: SmpDevice,
  address = 'AA:BB:CC:00:11:22',
  air: Partial<Air> = {},
): Peripheral {
  let end: ReturnType<ZephyrCredDevice['attachGatt']> | undefined;
  const peripheral: Peripheral = bluez.add({
    address,
    name: device.udid,
    service: GATT_SERVICE,
    air: { attMtu: device.firmware.attMtu, ...air },
    characteristics: [
      {
        uuid: GATT_CHARACTERISTIC,
        flags: ['write-without-response', 'notify'],
        write: async (value) => (end?.write(value) ? new Uint8Array(0) : undefined),
      },
    ],
    connected(notify) {
      end = device.attachGatt(
        (value) => notify(GATT_CHARACTERISTIC, value),
        () => peripheral.drop(),
      );
    },
    disconnected() {
      end?.detach();
      end = undefined;
    },
  });
  return peripheral;
}
