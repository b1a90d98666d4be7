import { encode } from 'cborg';
import type { Bytes } from '../../../core/bytes.ts';
import { DeviceError } from '../../ports/device.ts';
import type { GattCharacteristic, GattLink } from '../../ports/link.ts';
import type { SmpCarrier, SmpClient } from './smp-client.ts';
import { decodeSmp, encodeSmp, SMP_HEADER } from './smp-packet.ts';
import { SmpReassembly } from './smp-reassembly.ts';
import { stillOpen } from './within.ts';

/** SMP's Bluetooth service and its one characteristic: written without response, answered by notifications. */
export const SMP_SERVICE = '8d53dc1d-1db7-4cd3-868b-8a527460aa84';
export const SMP_CHARACTERISTIC = 'da2e7828-fbce-4e01-ae9e-261174997c48';

/** ATT's smallest MTU is 23, which leaves 20 for a value (Bluetooth Core 5.4, vol 3 part F, 3.2.8). */
const SMALLEST_PIECE = 20;
/** Tried in turn: 247 and 498 are common MTUs, 517 the largest that a 512-byte value can use. */
const PIECES = [64, 128, 244, 495] as const;
/** Worth growing to for a few commands and a certificate: an MTU of 247 is what most devices give. */
export const WORTH_GROWING_TO = 244;
/** Never a header (it would claim 65,535 bytes), so a device that expects one drops it, and one that gathers fills up. */
const FILLER = new Uint8Array(SMALLEST_PIECE).fill(0xff);
/** What was proven on a link, so that the next driver to ask on it need not try again; it goes when the link goes. */
const PROVEN = new WeakMap<GattLink, number>();
/**
 * Echo, group 0 command 0, that fills the smallest piece: answered although what was sent just before was lost. Behind one
 * that was cut it overruns what is missing, and both are dropped (smp_reassembly.c, smp_bt.c).
 */
const WITNESS_SEQUENCE = 0xff;
const WITNESS = encodeSmp({
  version: 0,
  operation: 'write',
  group: 0,
  command: 0,
  sequence: WITNESS_SEQUENCE,
  payload: encode({ d: 'witness.' }),
});
/** CBOR around an echo's text of 24 to 255 bytes: map head, key, text head. */
const ECHO_AROUND = SMP_HEADER + 1 + 2 + 2;

/**
 * Carries SMP packets over a GATT link, cut into pieces of a size the far end has shown that it takes whole. Web
 * Bluetooth tells nobody the MTU, and what becomes of a value beyond it is each stack's own: BlueZ refuses it, Android
 * cuts it (attp_build_value_cmd), others lose it.
 */
export class GattSmpCarrier implements SmpCarrier {
  readonly lost: AbortSignal;
  readonly #link: GattLink;
  readonly #characteristic: GattCharacteristic;
  readonly #pieces = new SmpReassembly();
  #take: (packet: Bytes) => void = () => undefined;
  #stop: () => void = () => undefined;
  #piece: number;
  #proven: number;
  /** Length of a packet that was sent and had no answer yet. */
  #unanswered = 0;
  /** While a size is tried: what to do when the witness is answered. */
  #witnessed: (() => void) | undefined;

  /** The carrier, or undefined if the device has no SMP service. */
  static async open(link: GattLink, signal: AbortSignal): Promise<GattSmpCarrier | undefined> {
    const characteristic = await link.characteristic(SMP_SERVICE, SMP_CHARACTERISTIC, signal);
    if (characteristic === undefined) return undefined;
    const carrier = new GattSmpCarrier(link, characteristic);
    carrier.#stop = await characteristic.subscribe((value) => carrier.#receive(value), signal);
    return carrier;
  }

  private constructor(link: GattLink, characteristic: GattCharacteristic) {
    this.#link = link;
    this.lost = link.lost;
    this.#characteristic = characteristic;
    this.#proven = PROVEN.get(link) ?? SMALLEST_PIECE;
    this.#piece = this.#proven;
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
    if (this.#unanswered > 0) await this.#recover(signal);
    this.#unanswered = packet.length;
    for (let at = 0; at < packet.length; ) {
      const piece = packet.subarray(at, at + this.#piece);
      // A stack may take its time over a piece, and be back only when nobody waits for the packet any more.
      stillOpen({ signal, lost: this.lost }, 'SMP piece');
      try {
        await this.#characteristic.writeWithoutResponse(piece, signal);
        at += piece.length;
      } catch (error) {
        const refused = error instanceof DeviceError && error.code === 'device_refused';
        // Refused for its length it never left, so what remains goes in smaller ones. While a size is tried, it is too much.
        if (!refused || piece.length <= SMALLEST_PIECE || this.#piece > this.#proven) throw error;
        this.#shrink();
      }
    }
    if (this.#witnessed !== undefined) await this.#characteristic.writeWithoutResponse(WITNESS, signal);
  }

  /**
   * Grows the pieces as far as an echo of that size, sent as one piece, comes back whole. The largest is tried first, as
   * most links take it; then from the smallest on.
   *
   * @param most what is worth trying: pieces are not answered one by one
   */
  async grow(client: SmpClient, signal: AbortSignal, most = Number.POSITIVE_INFINITY): Promise<void> {
    if (PROVEN.has(this.#link)) return;
    const packet = await largestPacket(client, signal);
    const sizes = PIECES.filter((size) => size <= packet && size <= most);
    const largest = sizes.pop();
    if (largest !== undefined && !(await this.#holds(largest, client, signal)))
      for (const size of sizes) if (!(await this.#holds(size, client, signal))) break;
    PROVEN.set(this.#link, this.#proven);
  }

  async #holds(size: number, client: SmpClient, signal: AbortSignal): Promise<boolean> {
    this.#piece = size;
    if (await this.#echoesBeforeWitness(size, client, signal)) {
      this.#proven = size;
      return true;
    }
    if (this.#unanswered > 0) await this.#recover(signal);
    else this.#shrink();
    return false;
  }

  /**
   * The witness follows the echo at once, and a device answers in order: its answer says that the echo was lost, without
   * a wait. Only a stack that cuts the echo leaves both unanswered, as the device still gathers.
   */
  async #echoesBeforeWitness(size: number, client: SmpClient, signal: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const stop = () => over.abort();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    let isLost = false;
    this.#witnessed = () => {
      isLost = true;
      this.#unanswered = 0;
      stop();
    };
    try {
      return await echoes(client, size, over.signal);
    } catch (error) {
      if (isLost && error instanceof DeviceError && error.code === 'aborted') return false;
      throw error;
    } finally {
      this.#witnessed = undefined;
      signal.removeEventListener('abort', stop);
    }
  }

  /**
   * A packet without an answer may lie half gathered in the device, where the next one would only complete it. Filler in
   * the smallest pieces ends that: whole, it is refused; longer than what is missing, it is dropped with the rest
   * (smp_reassembly.c). Then smaller pieces, as the size may have been the cause.
   */
  async #recover(signal: AbortSignal): Promise<void> {
    const length = this.#unanswered;
    this.#unanswered = 0;
    this.#shrink();
    for (let at = 0; at < length; at += SMALLEST_PIECE)
      await this.#characteristic.writeWithoutResponse(FILLER, signal);
    this.#pieces.reset();
  }

  /** Back to what was proven; if that is what failed, to the size that every link takes. */
  #shrink(): void {
    if (this.#piece <= this.#proven) {
      this.#proven = SMALLEST_PIECE;
      PROVEN.set(this.#link, SMALLEST_PIECE);
    }
    this.#piece = this.#proven;
  }

  #receive(value: Uint8Array): void {
    for (const packet of this.#pieces.add(value)) {
      if (isWitness(packet)) {
        this.#witnessed?.();
        continue;
      }
      this.#unanswered = 0;
      this.#take(packet);
    }
  }
}

function isWitness(packet: Uint8Array): boolean {
  const { group, command, sequence } = decodeSmp(packet) ?? {};
  return group === 0 && command === 0 && sequence === WITNESS_SEQUENCE;
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
    const request = { operation: 'write', group: 0, command: 0, body: { d: text }, limitMs: 1_000 } as const;
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
