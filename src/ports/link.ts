import type { Bytes } from '../../core/bytes.ts';
import type { LinkKind } from './device.ts';

/**
 * A link moves bytes to one device and knows nothing of what they mean. There are two shapes, because two kinds of
 * wire exist: a stream of bytes (serial, WebUSB, simulated), and a table of characteristics (Bluetooth GATT). Framing
 * turns either into packets or lines (src/device/protocols), so drivers do not care which one they got.
 *
 * Every promise of a link ends: by its result, by `signal` (DeviceError `aborted`), by a time limit of the link's own
 * (`timed_out`) or by the loss of the link (`link_lost`).
 */
export type Link = ByteLink | GattLink;

interface AnyLink {
  readonly kind: LinkKind;
  /** Aborts once, with the DeviceError that says why, when the link is lost or closed. Nothing arrives after it. */
  readonly lost: AbortSignal;
  /** Gives the wire back. Safe to call twice; never rejects. */
  close(): Promise<void>;
}

export interface ByteLink extends AnyLink {
  readonly shape: 'bytes';
  /** Resolves when the platform took the bytes, which does not mean the device has them. Calls keep their order. */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Each chunk in order, from now on; what came before is gone. The function returned stops it. */
  listen(onBytes: (chunk: Uint8Array) => void): () => void;
}

export interface GattLink extends AnyLink {
  readonly shape: 'gatt';
  /** The characteristic, or undefined if the device has no such service or characteristic. UUIDs are lower case. */
  characteristic(service: string, uuid: string, signal: AbortSignal): Promise<GattCharacteristic | undefined>;
  /**
   * Every characteristic of a service with its user description (descriptor 0x2901, empty if it has none), for firmware
   * that names them there; undefined without the service. Absent on links that cannot list.
   */
  described?(service: string, signal: AbortSignal): Promise<readonly DescribedCharacteristic[] | undefined>;
}

export interface DescribedCharacteristic {
  readonly description: Bytes;
  readonly characteristic: GattCharacteristic;
}

/** One characteristic. A value is at most 512 bytes (Bluetooth Core 5.4, vol 3 part F, 3.2.9); operations queue. */
export interface GattCharacteristic {
  read(signal: AbortSignal): Promise<Bytes>;
  write(value: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Not answered by the device: that it arrived is known only from what the device says next. */
  writeWithoutResponse(value: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Notifications or indications, each one value, in order. The function returned stops listening. */
  subscribe(onValue: (value: Uint8Array) => void, signal: AbortSignal): Promise<() => void>;
}

/**
 * The page's end of a simulated device's UART. The simulator offers this shape without importing anything of ours.
 * `attach` is called once per connection, and what the device prints goes to `onBytes` until `detach`.
 */
export interface SimulatedWire {
  attach(
    onBytes: (chunk: Uint8Array) => void,
    onCut: () => void,
  ): { send(bytes: Uint8Array): void; detach(): void };
}
