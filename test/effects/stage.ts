import { DeviceWork } from '../../src/effects/device-work.ts';
import type { DeviceAtPlace } from '../../src/ports/devices.ts';
import { FakeClock } from '../support/device-clock.ts';
import { MemoryOutbox, MemoryStorage } from '../support/memory-outbox.ts';
import { crypto, digest, makeKey, workPack } from '../support/records.ts';
import { enrolmentOf, MemoryWork } from '../support/records-backend.ts';
import { FakeDevices } from './device.ts';

/** Everything that effects reach for, over memory. */
export async function stage() {
  const storage = new MemoryStorage();
  const outbox = new MemoryOutbox(storage);
  const work = new MemoryWork(new Map(), enrolmentOf(await makeKey()));
  const devices = new FakeDevices();
  const pack = { pack: workPack(), digest: digest(1), etag: '"1"' };
  let saved = 0;
  const ports = {
    outbox,
    capture: outbox,
    work,
    clock: new FakeClock(),
    crypto,
    device: new DeviceWork(devices),
    packs: () => [pack],
    devices: { known: async (): Promise<readonly DeviceAtPlace[]> => [] },
    app: '1.2.3',
    onSaved: () => {
      saved += 1;
    },
  };
  return { pack, storage, outbox, work, devices, ports, saved: () => saved };
}

/** Performs an effect and gives its events up to the one that ends it. */
export function eventsOf<Event>(
  perform: (send: (event: Event) => void) => void,
  ends: (event: Event) => boolean = () => true,
): Promise<Event[]> {
  const events: Event[] = [];
  return new Promise((resolve) => {
    perform((event) => {
      events.push(event);
      if (ends(event)) resolve(events);
    });
  });
}
