import {
  GATT_CHARACTERISTIC,
  GATT_SERVICE,
  type ZephyrCredDevice,
} from '../../../simulator/profiles/zephyr-cred.ts';
import type { FakeBluez } from './fake-bluez.ts';
import type { Peripheral } from './peripheral.ts';

/** Puts a simulated Zephyr device on the fake BlueZ, advertising SMP; its MTU is enforced by the device itself. */
export function zephyrPeripheral(
  bluez: FakeBluez,
  device: ZephyrCredDevice,
  address = 'AA:BB:CC:00:11:22',
): Peripheral {
  let end: ReturnType<ZephyrCredDevice['attachGatt']> | undefined;
  const peripheral: Peripheral = bluez.add({
    address,
    name: device.udid,
    service: GATT_SERVICE,
    characteristic: GATT_CHARACTERISTIC,
    handler: {
      connected(notify) {
        end = device.attachGatt(notify, () => peripheral.drop());
      },
      write: (value) => end?.write(value) ?? false,
      disconnected() {
        end?.detach();
        end = undefined;
      },
    },
  });
  return peripheral;
}
