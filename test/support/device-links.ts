import {
  GATT_CHARACTERISTIC,
  GATT_SERVICE,
  type ZephyrCredDevice,
} from '../../simulator/profiles/zephyr-cred.ts';
import { DeviceError } from '../../src/ports/device.ts';
import type { ByteLink, GattCharacteristic, GattLink } from '../../src/ports/link.ts';

/** A link to a simulated device in this process, and a way to know that the device has answered all it got. */
export interface TestLink<L> {
  readonly link: L;
  readonly settled: () => Promise<void>;
  /** Bytes and calls that went to the device. */
  readonly counts: { bytes: number; writes: number; largest: number };
}

export function uartLink(
  device: ZephyrCredDevice,
  options: { readonly bootFirst?: boolean } = {},
): TestLink<ByteLink> {
  const lost = new AbortController();
  const listeners = new Set<(chunk: Uint8Array) => void>();
  const counts = { bytes: 0, writes: 0, largest: 0 };
  let work: Promise<unknown> = Promise.resolve();
  const end = device.attachUart(
    (chunk) => {
      for (const take of [...listeners]) take(chunk);
    },
    () => lost.abort(new DeviceError('link_lost', 'test')),
  );
  const link: ByteLink = {
    kind: 'serial',
    shape: 'bytes',
    lost: lost.signal,
    async write(bytes) {
      if (lost.signal.aborted) throw lost.signal.reason;
      counts.bytes += bytes.length;
      counts.writes += 1;
      counts.largest = Math.max(counts.largest, bytes.length);
      work = end.send(bytes.slice());
    },
    listen(onBytes) {
      listeners.add(onBytes);
      if (options.bootFirst !== false && listeners.size === 1) queueMicrotask(() => device.reset());
      return () => listeners.delete(onBytes);
    },
    async close() {
      if (!lost.signal.aborted) lost.abort(new DeviceError('link_lost', 'closed'));
      end.detach();
    },
  };
  return { link, counts, settled: async () => void (await work) };
}

/** What stacks make of a value beyond the MTU that is written without response: BlueZ refuses, Android cuts, others lose. */
export type BeyondMtu = 'lost' | 'cut' | 'refused';

export function gattLink(
  device: ZephyrCredDevice,
  options: { readonly beyond?: BeyondMtu; readonly mtu?: () => number } = {},
): TestLink<GattLink> {
  const room = () => (options.mtu?.() ?? device.firmware.attMtu) - 3;
  const lost = new AbortController();
  const listeners = new Set<(value: Uint8Array) => void>();
  const counts = { bytes: 0, writes: 0, largest: 0 };
  const end = device.attachGatt(
    (value) => {
      for (const take of [...listeners]) take(value);
    },
    () => lost.abort(new DeviceError('link_lost', 'test')),
  );
  const characteristic: GattCharacteristic = {
    read: async () => new Uint8Array(0),
    write: async () => {
      throw new DeviceError('device_refused', 'test');
    },
    async writeWithoutResponse(value) {
      if (lost.signal.aborted) throw lost.signal.reason;
      counts.bytes += value.length;
      counts.writes += 1;
      if (value.length > room() && options.beyond === 'refused')
        throw new DeviceError('device_refused', 'test');
      if (value.length > room() && options.beyond !== 'cut') return;
      const through = value.slice(0, room());
      if (end.write(through)) counts.largest = Math.max(counts.largest, through.length);
    },
    async subscribe(onValue) {
      listeners.add(onValue);
      return () => listeners.delete(onValue);
    },
  };
  const link: GattLink = {
    kind: 'bluetooth',
    shape: 'gatt',
    lost: lost.signal,
    characteristic: async (service, uuid) =>
      service === GATT_SERVICE && uuid === GATT_CHARACTERISTIC ? characteristic : undefined,
    async close() {
      if (!lost.signal.aborted) lost.abort(new DeviceError('link_lost', 'closed'));
      end.detach();
    },
  };
  return { link, counts, settled: () => end.settled() };
}
