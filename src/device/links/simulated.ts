import { DeviceError } from '../../ports/device.ts';
import type { ByteLink, SimulatedWire } from '../../ports/link.ts';
import { Loss } from './loss.ts';

/** A link to a device that lives in this page. Its kind goes into every signed record, so it never passes for real. */
export function openSimulated(wire: SimulatedWire): ByteLink {
  const loss = new Loss();
  const listeners = new Set<(chunk: Uint8Array) => void>();
  const end = wire.attach(
    (chunk) => {
      if (loss.signal.aborted) return;
      for (const take of [...listeners]) take(chunk);
    },
    () => loss.tell('link_lost', 'simulated device gone'),
  );
  return {
    kind: 'simulated',
    shape: 'bytes',
    lost: loss.signal,
    async write(bytes, signal) {
      if (signal.aborted) throw new DeviceError('aborted', 'simulated write');
      if (loss.signal.aborted) throw loss.signal.reason;
      end.send(bytes.slice());
    },
    listen(onBytes) {
      listeners.add(onBytes);
      return () => listeners.delete(onBytes);
    },
    async close() {
      loss.tell('link_lost', 'closed');
      end.detach();
    },
  };
}
