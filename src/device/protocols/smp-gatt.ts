import type { Bytes } from '../../../core/bytes.ts';
import { DeviceError } from '../../ports/device.ts';
import type { GattCharacteristic, GattLink } from '../../ports/link.ts';
import type { SmpCarrier, SmpClient } from './smp-client.ts';
import { SMP_HEADER } from './smp-packet.ts';
import { SmpReassembly } from './smp-reassembly.ts';

/** SMP's Bluetooth service and its one characteristic: written without response, answered by notifications. */
export const SMP_SERVICE = '8d53dc1d-1db7-4cd3-868b-8a527460aa84';
export const SMP_CHARACTERISTIC = 'da2e7828-fbce-4e01-ae9e-261174997c48';

/** ATT's smallest MTU is 23, which leaves 20 for a value (Bluetooth Core 5.4, vol 3 part F, 3.2.8). */
const SMALLEST_PIECE = 20;
/** Tried in turn: 247 and 498 are common MTUs, 517 the largest that a 512-byte value can use. */
const PIECES = [64, 128, 244, 495] as const;
/** CBOR around an echo's text of 24 to 255 bytes: map head, key, text head. */
const ECHO_AROUND = SMP_HEADER + 1 + 2 + 2;

/** Carries SMP packets over a GATT link, cut into pieces of a size the far end has shown that it takes whole. */
export class GattSmpCarrier implements SmpCarrier {
  readonly lost: AbortSignal;
  readonly #characteristic: GattCharacteristic;
  readonly #pieces = new SmpReassembly();
  #take: (packet: Bytes) => void = () => undefined;
  #stop: () => void = () => undefined;
  #piece: number = SMALLEST_PIECE;

  /** The carrier, or undefined if the device has no SMP service. */
  static async open(link: GattLink, signal: AbortSignal): Promise<GattSmpCarrier | undefined> {
    const characteristic = await link.characteristic(SMP_SERVICE, SMP_CHARACTERISTIC, signal);
    if (characteristic === undefined) return undefined;
    const carrier = new GattSmpCarrier(link, characteristic);
    carrier.#stop = await characteristic.subscribe((value) => carrier.#receive(value), signal);
    return carrier;
  }

  private constructor(link: GattLink, characteristic: GattCharacteristic) {
    this.lost = link.lost;
    this.#characteristic = characteristic;
  }

  get pieceSize(): number {
    return this.#piece;
  }

  /** Stops listening; the link stays open. */
  release(): void {
    this.#stop();
  }

  onPacket(take: (packet: Bytes) => void): void {
    this.#take = take;
  }

  async send(packet: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#pieces.reset();
    for (let at = 0; at < packet.length; at += this.#piece) {
      await this.#characteristic.writeWithoutResponse(packet.subarray(at, at + this.#piece), signal);
    }
  }

  /**
   * Grows the pieces as far as an echo of that size comes back whole. Web Bluetooth tells nobody the MTU, and a value
   * beyond it may be refused, cut or lost without a word; so each size is tried with a packet that fills one piece.
   */
  async grow(client: SmpClient, signal: AbortSignal): Promise<void> {
    const largest = await largestPacket(client, signal);
    for (const size of PIECES) {
      if (size > largest) return;
      const proven = this.#piece;
      this.#piece = size;
      if (!(await echoes(client, size, signal))) {
        this.#piece = proven;
        return;
      }
    }
  }

  #receive(value: Uint8Array): void {
    for (const packet of this.#pieces.add(value)) this.#take(packet);
  }
}

/** The device's buffer (group 0, command 6), which a whole packet must fit; unknown devices get a cautious answer. */
async function largestPacket(client: SmpClient, signal: AbortSignal): Promise<number> {
  try {
    const reply = await client.request({ operation: 'read', group: 0, command: 6, body: {} }, signal);
    const size = reply.get('buf_size');
    return typeof size === 'number' && size > 0 ? size : 128;
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'device_refused') return 128;
    throw error;
  }
}

async function echoes(client: SmpClient, size: number, signal: AbortSignal): Promise<boolean> {
  // Above 255 the text's head takes one byte more (RFC 8949 section 3).
  const text = 'e'.repeat(size - ECHO_AROUND - (size - ECHO_AROUND > 255 ? 1 : 0));
  try {
    const request = { operation: 'write', group: 0, command: 0, body: { d: text }, limitMs: 2_000 } as const;
    return (await client.request(request, signal)).get('r') === text;
  } catch (error) {
    if (
      error instanceof DeviceError &&
      ['timed_out', 'device_refused', 'device_garbage'].includes(error.code)
    )
      return false;
    throw error;
  }
}
