import type { EspClaimDevice } from '../../../simulator/profiles/esp/esp-device.ts';
import { ESP_SERVICE, endpointsOf } from '../../../simulator/profiles/esp/firmware.ts';
import { DeviceError } from '../../../src/ports/device.ts';
import type { DescribedCharacteristic, GattCharacteristic, GattLink } from '../../../src/ports/link.ts';
import type { TestLink } from '../../support/device-links.ts';

/** A GATT link to a simulated Espressif device in this process, with the rules of its characteristics. */
export function espLink(device: EspClaimDevice): TestLink<GattLink> & { readonly answered: () => number } {
  let answered = 0;
  const lost = new AbortController();
  const counts = { bytes: 0, writes: 0, largest: 0 };
  let work: Promise<unknown> = Promise.resolve();
  const lose = () => {
    if (!lost.signal.aborted) lost.abort(new DeviceError('link_lost', 'test'));
  };
  const end = device.connect(lose);
  const characteristics = new Map<
    string,
    { readonly name: string; readonly characteristic: GattCharacteristic }
  >();
  for (const [name, uuid] of endpointsOf(device.firmware)) {
    let value: Uint8Array<ArrayBuffer> = new Uint8Array(0);
    const characteristic: GattCharacteristic = {
      async read() {
        if (lost.signal.aborted) throw lost.signal.reason;
        return value;
      },
      async write(request) {
        if (lost.signal.aborted) throw lost.signal.reason;
        counts.bytes += request.length;
        counts.writes += 1;
        counts.largest = Math.max(counts.largest, request.length);
        const answer = end.request(name, request.slice());
        // A silent device never answers: that is a wait of the driver's, not of the device's.
        work = Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 500))]);
        const got = await answer;
        if (lost.signal.aborted) throw lost.signal.reason;
        if (got === undefined) throw new DeviceError('device_refused', 'test');
        answered += got.length;
        value = got;
      },
      writeWithoutResponse: async () => {
        throw new DeviceError('device_refused', 'test');
      },
      subscribe: async () => {
        throw new DeviceError('device_refused', 'test');
      },
    };
    characteristics.set(uuid, { name, characteristic });
  }
  const link: GattLink = {
    kind: 'bluetooth',
    shape: 'gatt',
    lost: lost.signal,
    characteristic: async (service, uuid) =>
      service === ESP_SERVICE ? characteristics.get(uuid)?.characteristic : undefined,
    async described(service): Promise<readonly DescribedCharacteristic[] | undefined> {
      if (service !== ESP_SERVICE) return undefined;
      return [...characteristics.values()].map(({ name, characteristic }) => ({
        description: new Uint8Array(Buffer.from(device.firmware.describes ? name : '')),
        characteristic,
      }));
    },
    async close() {
      lose();
      end.close();
    },
  };
  return { link, counts, answered: () => answered, settled: async () => void (await work) };
}
