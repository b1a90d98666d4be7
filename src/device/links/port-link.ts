import type { Timer } from '../../../core/clock.ts';
import { DeviceError } from '../../ports/device.ts';
import type { ByteLink } from '../../ports/link.ts';
import { fromChosen } from '../error.ts';
import { type Ends, stillOpen, within } from '../protocols/within.ts';
import { Loss } from './loss.ts';

/** Zephyr's, Arduino's and nearly everyone's console speed. USB serial ignores it. */
const BAUD_RATE = 115_200;
const BUFFER_SIZE = 16_384;
const OPEN_MS = 10_000;
const ATTEMPTS = 4;
const RETRY_MS = 250;
const WRITE_MS = 10_000;
const CLOSE_MS = 3_000;

/** A serial port as Web Serial describes one (wicg.github.io/serial): the browser's own, or one made of a USB device. */
export interface StreamPort extends EventTarget {
  /** Null while closed and after the device is lost; a fresh stream after a cancel or an error that is not the end. */
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  open(options: { readonly baudRate: number; readonly bufferSize: number }): Promise<void>;
  close(): Promise<void>;
}

/** Opens the port. The link owns it until `close`. */
export async function openPort(
  port: StreamPort,
  kind: 'serial' | 'usb',
  clock: Timer,
  signal: AbortSignal,
): Promise<ByteLink> {
  const loss = new Loss();
  for (let attempt = 1; ; attempt++) {
    try {
      await openOnce(port, `${kind} open`, { clock, signal, lost: loss.signal });
      break;
    } catch (error) {
      // Refused by the system: nearly always in use. Linux's ModemManager takes each new port for a moment to see
      // whether it is a modem, so one refusal says little.
      const busy = error instanceof Error && error.name === 'NetworkError' && attempt < ATTEMPTS;
      if (!busy) throw fromChosen(error, `${kind} open`, 'link_busy');
      await clock.sleep(RETRY_MS * attempt, signal);
    }
  }
  return new PortLink(port, kind, clock, loss);
}

async function openOnce(port: StreamPort, step: string, ends: Ends): Promise<void> {
  stillOpen(ends, step);
  const opening = port.open({ baudRate: BAUD_RATE, bufferSize: BUFFER_SIZE });
  try {
    await within(opening, OPEN_MS, step, ends);
  } catch (error) {
    // An open that we no longer wait for may still succeed, and would hold the port.
    if (error instanceof DeviceError) void opening.then(() => port.close()).catch(() => undefined);
    throw error;
  }
}

class PortLink implements ByteLink {
  readonly kind: 'serial' | 'usb';
  readonly shape = 'bytes';
  readonly lost: AbortSignal;
  readonly #port: StreamPort;
  readonly #clock: Timer;
  readonly #loss: Loss;
  readonly #listeners = new Set<(chunk: Uint8Array) => void>();
  readonly #reading: Promise<void>;
  readonly #unplugged: () => void;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(port: StreamPort, kind: 'serial' | 'usb', clock: Timer, loss: Loss) {
    this.#port = port;
    this.kind = kind;
    this.#clock = clock;
    this.#loss = loss;
    this.lost = loss.signal;
    this.#unplugged = () => loss.tell('link_lost', `${kind} unplugged`);
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
    const step = `${this.kind} write`;
    const ends = { clock: this.#clock, signal, lost: this.lost };
    stillOpen(ends, step);
    const writer = this.#port.writable?.getWriter();
    if (writer === undefined) throw new DeviceError('link_lost', step);
    try {
      await within(writer.write(bytes), WRITE_MS, step, ends);
    } catch (error) {
      throw fromChosen(error, step, 'link_lost');
    } finally {
      writer.releaseLock();
    }
  }

  /** Framing, parity and overrun errors end a reader but not the port, which then has a fresh stream. */
  async #read(): Promise<void> {
    for (;;) {
      const { readable } = this.#port;
      if (readable === null || this.#closing !== undefined) break;
      const reader = readable.getReader();
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
    this.#loss.tell('link_lost', `${this.kind} read`);
  }

  async #shut(): Promise<void> {
    this.#port.removeEventListener('disconnect', this.#unplugged);
    this.#loss.tell('link_lost', 'closed');
    await this.#whatever(this.#reader?.cancel());
    await this.#whatever(this.#reading);
    // A port that went away with its device cannot be closed again, and need not be.
    await this.#whatever(this.#port.close());
  }

  /** Giving back never fails and never waits for ever, whatever state the device is in. */
  async #whatever(work: Promise<void> | undefined): Promise<void> {
    const over = new AbortController();
    await Promise.race([work?.catch(() => undefined), this.#clock.sleep(CLOSE_MS, over.signal)]);
    over.abort();
  }
}
