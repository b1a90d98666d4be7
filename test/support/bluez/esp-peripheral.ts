import type { EspClaimDevice, EspConnection } from '../../../simulator/profiles/esp/esp-device.ts';
import { ESP_SERVICE, endpointsOf } from '../../../simulator/profiles/esp/firmware.ts';
import type { FakeBluez } from './fake-bluez.ts';
import type { Air } from './gatt-objects.ts';
import type { Peripheral } from './peripheral.ts';

/** Puts a simulated Espressif device on the fake BlueZ. Connecting opens its session, as conn_id does in the firmware. */
export function espPeripheral(
  bluez: FakeBluez,
  device: EspClaimDevice,
  address: string,
  air: Partial<Air> = {},
): Peripheral {
  let connection: EspConnection | undefined;
  const peripheral: Peripheral = bluez.add({
    address,
    name: device.name,
    service: ESP_SERVICE,
    // What NimBLE agrees on by default (CONFIG_BT_NIMBLE_ATT_PREFERRED_MTU).
    air: { attMtu: 256, ...air },
    characteristics: endpointsOf(device.firmware).map(([name, uuid]) => ({
      uuid,
      flags: ['read', 'write'],
      ...(device.firmware.describes ? { description: name } : {}),
      write: async (value) =>
        value.length > device.firmware.valueLimit ? undefined : connection?.request(name, value),
    })),
    connected() {
      connection = device.connect(() => peripheral.drop());
    },
    disconnected() {
      connection?.close();
      connection = undefined;
    },
  });
  return peripheral;
}
