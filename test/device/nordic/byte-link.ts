import type { Attachment } from '../../../simulator/profiles/zephyr-cred.ts';
import { detectOn } from '../../../src/device/detect.ts';
import type { Driver, DriverContext } from '../../../src/device/drivers/driver.ts';
import { DeviceError } from '../../../src/ports/device.ts';
import type { ByteLink } from '../../../src/ports/link.ts';
import { drive, FakeClock } from '../../support/device-clock.ts';
import { signal } from '../../support/device-code.ts';
import { nodeSha256 } from '../../support/device-crypto.ts';

/** Anything simulated that has a UART. */
export interface UartDevice {
  attachUart(onBytes: (bytes: Uint8Array) => void, onCut: () => void): Attachment;
}

/** A cable to a device in this process; `cutAfter` bytes to the device it breaks. */
export function cable(device: UartDevice, cutAfter = Number.POSITIVE_INFINITY) {
  const lost = new AbortController();
  const listeners = new Set<(chunk: Uint8Array) => void>();
  let work: Promise<unknown> = Promise.resolve();
  let sent = 0;
  const cut = () => lost.abort(new DeviceError('link_lost', 'test'));
  const end = device.attachUart((chunk) => {
    for (const take of [...listeners]) take(chunk);
  }, cut);
  const link: ByteLink = {
    kind: 'serial',
    shape: 'bytes',
    lost: lost.signal,
    async write(bytes) {
      if (lost.signal.aborted) throw lost.signal.reason;
      const through = bytes.slice(0, Math.max(0, cutAfter - sent));
      sent += bytes.length;
      work = end.send(through);
      if (through.length < bytes.length) {
        cut();
        throw lost.signal.reason;
      }
    },
    listen(onBytes) {
      listeners.add(onBytes);
      return () => listeners.delete(onBytes);
    },
    async close() {
      if (!lost.signal.aborted) lost.abort(new DeviceError('link_lost', 'closed'));
      end.detach();
    },
  };
  return { link, listeners, settled: async () => void (await work), sent: () => sent };
}

/** A session by these drivers over such a cable, on a clock of its own. */
export function open(
  device: UartDevice,
  drivers: readonly Driver[],
  context: Omit<Partial<DriverContext>, 'clock'> = {},
  cutAfter?: number,
) {
  const clock = new FakeClock();
  const wire = cable(device, cutAfter);
  const run = <T>(work: Promise<T>) => drive(work, clock, wire.settled);
  const session = run(
    detectOn(wire.link, drivers, { crypto: nodeSha256, visit: {}, ...context, clock }, signal()),
  );
  session.catch(() => undefined);
  return { ...wire, session, run, clock };
}
