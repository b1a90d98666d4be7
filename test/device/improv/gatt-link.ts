import type { ImprovDevice } from '../../../simulator/profiles/improv/improv-device.ts';
import { IMPROV_SERVICE } from '../../../src/device/drivers/improv/bluetooth-wifi.ts';
import type { GattCharacteristic, GattLink } from '../../../src/ports/link.ts';
import { signal } from '../../support/device-code.ts';

/** Bluetooth to a device in this process. `onWrite` is told each value that has gone in; what is stopped before does not. */
export function gattLink(device: ImprovDevice, onWrite: (value: Uint8Array) => void): GattLink {
  const takers = new Map<number, (value: Uint8Array) => void>();
  const end = device.attachGatt((of, value) => takers.get(of)?.(value));
  const one = (number: number): GattCharacteristic => ({
    read: async () => new Uint8Array(await end.read(number)),
    async write(value, until) {
      if (until.aborted) throw until.reason;
      end.write(value);
      onWrite(value);
    },
    writeWithoutResponse: async () => undefined,
    async subscribe(onValue) {
      takers.set(number, onValue);
      return () => takers.delete(number);
    },
  });
  return {
    kind: 'bluetooth',
    shape: 'gatt',
    lost: signal(),
    characteristic: async (service, uuid) =>
      service === IMPROV_SERVICE ? one(Number(uuid.at(-1))) : undefined,
    close: async () => undefined,
  };
}
