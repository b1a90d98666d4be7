import type { Clock } from '../../ports/clock.ts';
import { DeviceError, type DevicePick } from '../../ports/device.ts';
import type { ByteLink } from '../../ports/link.ts';
import { fromPlatform } from '../error.ts';
import { type Ends, stillOpen, within } from '../protocols/within.ts';
import { Loss } from './loss.ts';

/** Zephyr's, Arduino's and nearly everyone's console speed. USB serial ignores it. */
const BAUD_RATE = 115_200;
const OPEN_MS = 10_000;
const ATTEMPTS = 4;
const RETRY_MS = 250;
const WRITE_MS = 10_000;

export function hasWebSerial(): boolean {
  return 'serial' in navigator;
}

/**
 * A port, by the person's choice or by an earlier one. A port that was plugged in again is a new object, so ports are
 * never kept: each connection asks anew.
 */
export async function pickSerialPort(pick: DevicePick): Promise<SerialPort> {
  if (!hasWebSerial()) throw new DeviceError('unsupported_here', 'Web Serial');
  try {
    const known = pick === 'ask' ? [] : await navigator.serial.getPorts();
    const [first, second] = known;
    if (first !== undefined && (second === undefined || pick === 'known-only')) return first;
    if (pick === 'known-only') throw new DeviceError('no_device_chosen', 'Web Serial');
    // A gesture lasts some seconds, so the question above has not used it up.
    return await navigator.serial.requestPort();
  } catch (error) {
    throw fromPlatform(error, 'serial chooser', 'link_refused');
  }
}

/** Opens the port. The link owns it until `close`. */
export async function openSerial(port: SerialPort, clock: Clock, signal: AbortSignal): Promise<ByteLink> {
  const loss = new Loss();
  for (let attempt = 1; ; attempt++) {
    try {
      await openOnce(port, { clock, signal, lost: loss.signal });
      break;
    } catch (error) {
      // Refused by the system: nearly always in use. Linux's ModemManager takes each new port for a moment to see
      // whether it is a modem, so one refusal says little.
      const busy = error instanceof Error && error.name === 'NetworkError' && attempt < ATTEMPTS;
      if (!busy) throw fromPlatform(error, 'serial open', 'link_busy');
      await clock.sleep(RETRY_MS * attempt, signal);
    }
  }
  return new SerialLink(port, clock, loss);
}

async function openOnce(port: SerialPort, ends: Ends): Promise<void> {
  stillOpen(ends, 'serial open');
  const opening = port.open({ baudRate: BAUD_RATE, bufferSize: 16_384 });
  try {
    await within(opening, OPEN_MS, 'serial open', ends);
  } catch (error) {
    // An open that we no longer wait for may still succeed, and would hold the port.
    if (error instanceof DeviceError) void opening.then(() => port.close()).catch(() => undefined);
    throw error;
  }
}

class SerialLink implements ByteLink {
  readonly kind = 'serial';
  readonly shape = 'bytes';
  readonly lost: AbortSignal;
  readonly #port: SerialPort;
  readonly #clock: Clock;
  readonly #loss: Loss;
  readonly #listeners = new Set<(chunk: Uint8Array) => void>();
  readonly #reading: Promise<void>;
  readonly #unplugged = () => this.#loss.tell('link_lost', 'serial unplugged');
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(port: SerialPort, clock: Clock, loss: Loss) {
    this.#port = port;
    this.#clock = clock;
    this.#loss = loss;
    this.lost = loss.signal;
    port.addEventListener('disconnect', this.#unplugged);
    this.#reading = this.#read();
  }

  listen(onBytes: (chunk: Uint8Array) => void): () => void {
    this.#listeners.add(onBytes);
    return () => this.#listeners.delete(onBytes);
  }

  write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const mine = this.#writing.then(() => this.#writeNow(bytes, signal));
    this.#writing = mine.catch(() => undefined);
    return mine;
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  /** Chromium accepts a write after the plug was pulled, so only the disconnect event ends the wait for an answer. */
  async #writeNow(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const ends = { clock: this.#clock, signal, lost: this.lost };
    stillOpen(ends, 'serial write');
    const writer = this.#port.writable?.getWriter();
    if (writer === undefined) throw new DeviceError('link_lost', 'serial write');
    try {
      await within(writer.write(bytes), WRITE_MS, 'serial write', ends);
    } catch (error) {
      throw fromPlatform(error, 'serial write', 'link_lost');
    } finally {
      writer.releaseLock();
    }
  }

  /** Framing, parity and overrun errors end a reader but not the port, which then has a fresh stream. */
  async #read(): Promise<void> {
    while (this.#port.readable !== null && this.#closing === undefined) {
      const reader = this.#port.readable.getReader();
      this.#reader = reader;
      try {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          for (const take of [...this.#listeners]) take(value);
        }
      } catch {
        // Recoverable: `readable` is a new stream. Not recoverable: it is null, and the loop ends.
      } finally {
        this.#reader = undefined;
        reader.releaseLock();
      }
    }
    this.#loss.tell('link_lost', 'serial read');
  }

  async #shut(): Promise<void> {
    this.#port.removeEventListener('disconnect', this.#unplugged);
    this.#loss.tell('link_lost', 'closed');
    await this.#reader?.cancel().catch(() => undefined);
    await this.#reading;
    // A port that went away with its device cannot be closed again, and need not be.
    await this.#port.close().catch(() => undefined);
  }
}
