import type { DeviceAtPlace, DevicesView } from '../../src/ports/devices.ts';
import { foldDevice } from '../../src/storage/device-fold.ts';
import type { MemoryOutbox } from './memory-outbox.ts';
import { START } from './records.ts';

/** The lists of devices of one person over an outbox in memory, without anything that the backend says. */
export function memoryDevices(outbox: Pick<MemoryOutbox, 'ofDevice'>, operator: string) {
  const device = async (org: string, udid: string): Promise<DeviceAtPlace | undefined> => {
    const records = (await outbox.ofDevice(udid)).filter((row) => row.org === org);
    return foldDevice({ records, devices: [], reports: [] }, { operator, now: START });
  };
  return { device } satisfies Pick<DevicesView, 'device'>;
}

/** No devices at all, for screens that show none. */
export const noDevices: DevicesView = {
  overview: async () => ({ devices: 0, needs: {}, mine: [], waiting: [], others: [], stuck: [] }),
  sites: async () => [],
  find: async () => ({ rows: [], of: 0 }),
  device: async () => undefined,
  known: async () => [],
  read: async () => undefined,
};
