import type { EspClaimDevice, EspConnection } from '../../../simulator/profiles/esp/esp-device.ts';
import { ESP_SERVICE, endpointsOf } from '../../../simulator/profiles/esp/firmware.ts';
import type { FakeBluez } from './fake-bluez.ts';
import type { Peripheral } from './peripheral.ts';

/** Not protocomm's: the peripheral's own characteristic, which nothing of ours asks for. */
const UNUSED = '0000fff0-0000-1000-8000-00805f9b34fb';

/** Puts a simulated Espressif device on the fake BlueZ. Connecting opens its session, as conn_id does in the firmware. */
export function espPeripheral(bluez: FakeBluez, device: EspClaimDevice, address: string): Peripheral {
  let connection: EspConnection | undefined;
  const peripheral: Peripheral = bluez.add({
    address,
    name: device.name,
    service: ESP_SERVICE,
    characteristic: UNUSED,
    handler: {
      connected() {
        connection = device.connect(() => peripheral.drop());
      },
      write: () => false,
      disconnected() {
        connection?.close();
        connection = undefined;
      },
    },
    endpoints: endpointsOf(device.firmware).map(([name, uuid]) => ({
      uuid,
      ...(device.firmware.describes ? { description: name } : {}),
      write: async (value) =>
        value.length > device.firmware.valueLimit ? undefined : connection?.request(name, value),
    })),
  });
  return peripheral;
}
