import { DeviceError } from '../../src/ports/device.ts';
import type {
  ByteLink,
  DescribedCharacteristic,
  GattCharacteristic,
  GattLink,
  Link,
} from '../../src/ports/link.ts';

/** The far end of a cable, as simulated devices give it. */
export interface UartEnd {
  attachUart(
    onBytes: (bytes: Uint8Array) => void,
    onCut: () => void,
  ): { send(bytes: Uint8Array): Promise<void>; detach(): void };
}

/** The far end of a Bluetooth connection: values in and out of characteristics named by UUID. Undefined is a refusal. */
export interface GattEnd {
  readonly service: string;
  /** UUIDs, with the user description that each has. */
  readonly characteristics: ReadonlyMap<string, string>;
  connect(
    notify: (uuid: string, value: Uint8Array) => void,
    onCut: () => void,
  ): {
    read(uuid: string): Promise<Uint8Array | undefined>;
    write(uuid: string, value: Uint8Array): Promise<boolean>;
    detach(): void;
  };
}

/** What happens to a wire between its ends. It may be changed while the wire is in use. */
export interface WireOptions {
  /** Cuts the link when so many operations, or so many bytes of both directions, have passed. */
  readonly cutAt?: { readonly operations: number } | { readonly bytes: number };
  /** Printed before the device's first own byte, and after each of its chunks. */
  readonly noise?: { readonly before: Uint8Array; readonly after: Uint8Array };
  /** Changes what the device says. */
  readonly change?: (chunk: Uint8Array) => Uint8Array;
  /** Says this for ever instead of what the device says. */
  readonly endless?: Uint8Array;
  /** A command on a cable that the device begins with only then. */
  readonly slow?: { readonly command: RegExp; readonly begin: () => Promise<void> };
  /** Brings a delivery to the other end; at once if left out. */
  readonly deliver?: (arrive: () => void) => void;
}

export interface Wire {
  readonly link: Link;
  /** Resolves when the device has dealt with everything it got; an endless one has then said more. */
  readonly settled: () => Promise<void>;
  /** Listeners and subscriptions that somebody has left on the link. */
  readonly listeners: () => number;
  readonly counts: { operations: number; bytes: number };
}

class Middle {
  readonly lost = new AbortController();
  readonly counts = { operations: 0, bytes: 0 };
  readonly options: WireOptions;
  #work: Promise<unknown> = Promise.resolve();
  /** Each taker of what the device says. */
  readonly takers = new Map<string, Set<(chunk: Uint8Array) => void>>();
  #hasSpoken = false;

  constructor(options: WireOptions) {
    this.options = options;
  }

  /** The device is at this, beside what it was at before: an exchange that was given up goes on behind the next one. */
  isAt(work: Promise<unknown>): void {
    this.#work = Promise.all([this.#work, work]);
  }

  cut(step: string): void {
    if (!this.lost.signal.aborted) this.lost.abort(new DeviceError('link_lost', step));
  }

  /** One operation of the host's. Throws once the link is cut. */
  operation(): void {
    if (this.lost.signal.aborted) throw this.lost.signal.reason;
    const { cutAt } = this.options;
    if (cutAt !== undefined && 'operations' in cutAt && this.counts.operations >= cutAt.operations) {
      this.cut('test');
      throw this.lost.signal.reason;
    }
    this.counts.operations++;
  }

  /** As much of these bytes as still gets through; the rest finds the link cut. */
  through(bytes: Uint8Array): Uint8Array {
    const { cutAt } = this.options;
    const room = cutAt !== undefined && 'bytes' in cutAt ? cutAt.bytes - this.counts.bytes : bytes.length;
    this.counts.bytes += bytes.length;
    return room >= bytes.length ? bytes.slice() : bytes.slice(0, Math.max(0, room));
  }

  deliver(arrive: () => void): void {
    const { deliver } = this.options;
    if (deliver === undefined) arrive();
    else deliver(arrive);
  }

  /** What the device says, on its way to whoever listens to `of`. */
  say(of: string, chunk: Uint8Array): void {
    if (this.options.endless !== undefined) return;
    const { noise, change } = this.options;
    const before = this.#hasSpoken ? undefined : noise?.before;
    this.#hasSpoken = true;
    for (const part of [before, change?.(chunk) ?? chunk, noise?.after])
      if (part !== undefined) this.#arrive(of, part);
  }

  sayEndlessly(): void {
    for (const of of this.takers.keys())
      if (this.options.endless !== undefined) this.#arrive(of, this.options.endless);
  }

  listen(of: string, take: (chunk: Uint8Array) => void): () => void {
    const takers = this.takers.get(of) ?? new Set();
    this.takers.set(of, takers.add(take));
    return () => takers.delete(take);
  }

  #arrive(of: string, chunk: Uint8Array): void {
    this.deliver(() => {
      if (this.lost.signal.aborted) return;
      const through = this.through(chunk);
      if (through.length > 0) for (const take of [...(this.takers.get(of) ?? [])]) take(through);
      if (through.length < chunk.length) this.cut('test');
    });
  }

  wire(link: Link): Wire {
    return {
      link,
      counts: this.counts,
      listeners: () => [...this.takers.values()].reduce((sum, takers) => sum + takers.size, 0),
      settled: async () => {
        await this.#work;
        this.sayEndlessly();
      },
    };
  }
}

export function byteWire(device: UartEnd, options: WireOptions = {}, whenHeard = () => {}): Wire {
  const middle = new Middle(options);
  const end = device.attachUart(
    (chunk) => middle.say('', chunk),
    () => middle.cut('test'),
  );
  middle.lost.signal.addEventListener('abort', () => end.detach());
  let heard = false;
  const link: ByteLink = {
    kind: 'serial',
    shape: 'bytes',
    lost: middle.lost.signal,
    async write(bytes) {
      middle.operation();
      const through = middle.through(bytes);
      const send = () => {
        middle.isAt(end.send(through));
      };
      const { slow } = options;
      if (slow?.command.test(Buffer.from(through).toString('latin1'))) void slow.begin().then(send);
      else middle.deliver(send);
      if (through.length === bytes.length) return;
      middle.cut('test');
      throw middle.lost.signal.reason;
    },
    listen(onBytes) {
      // The board resets as the port opens: whoever listens first sees it start.
      if (!heard) queueMicrotask(whenHeard);
      heard = true;
      return middle.listen('', onBytes);
    },
    close: async () => middle.cut('closed'),
  };
  return middle.wire(link);
}

export function gattWire(device: GattEnd, options: WireOptions = {}): Wire {
  const middle = new Middle(options);
  const end = device.connect(
    (uuid, value) => middle.say(uuid, value),
    () => middle.cut('test'),
  );
  middle.lost.signal.addEventListener('abort', () => end.detach());
  /** There and back again; what the device never answers is not waited for by those who ask whether it has settled. */
  const exchange = async <T>(ask: () => Promise<T | undefined>): Promise<T> => {
    await new Promise<void>((resolve) => middle.deliver(resolve));
    const answer = ask();
    middle.isAt(Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 2_000))]));
    const value = await answer;
    await new Promise<void>((resolve) => middle.deliver(resolve));
    if (middle.lost.signal.aborted) throw middle.lost.signal.reason;
    if (value === undefined) throw new DeviceError('device_refused', 'test');
    return value;
  };
  const lost = (): never => {
    middle.cut('test');
    throw middle.lost.signal.reason;
  };
  const one = (uuid: string): GattCharacteristic => ({
    async read() {
      middle.operation();
      const value = await exchange(() => end.read(uuid));
      const said = options.endless ?? options.change?.(value) ?? value;
      const through = middle.through(said);
      return through.length < said.length ? lost() : new Uint8Array(through);
    },
    async write(value) {
      middle.operation();
      if (middle.through(value).length < value.length) lost();
      await exchange(async () => (await end.write(uuid, value.slice())) || undefined);
    },
    async writeWithoutResponse(value) {
      middle.operation();
      if (middle.through(value).length < value.length) lost();
      const sent = value.slice();
      middle.deliver(() => {
        middle.isAt(end.write(uuid, sent));
      });
    },
    subscribe: async (onValue) => middle.listen(uuid, onValue),
  });
  const link: GattLink = {
    kind: 'bluetooth',
    shape: 'gatt',
    lost: middle.lost.signal,
    characteristic: async (service, uuid) =>
      service === device.service && device.characteristics.has(uuid) ? one(uuid) : undefined,
    async described(service): Promise<readonly DescribedCharacteristic[] | undefined> {
      if (service !== device.service) return undefined;
      return [...device.characteristics].map(([uuid, description]) => ({
        description: new Uint8Array(Buffer.from(description)),
        characteristic: one(uuid),
      }));
    },
    close: async () => middle.cut('closed'),
  };
  return middle.wire(link);
}
