import { SerialPort as PolyfillPort } from 'web-serial-polyfill';
import { DeviceError } from '../../ports/device.ts';
import { type AcmFunction, acmFunction } from './acm-function.ts';
import type { StreamPort } from './port-link.ts';

/** One transfer's room; it ends earlier with the first short packet. A whole number of packets of any bulk endpoint. */
const TRANSFER_SIZE = 4_096;
/** An endpoint that stalls again and again is not going to recover. */
const MOST_STALLS = 8;

/**
 * A USB device's serial port (CDC-ACM) with Web Serial's own behaviour, on web-serial-polyfill 1.0.15. The polyfill
 * opens, claims, sets the line and closes. What it gets wrong is done here instead (each measured on version 1.0.15):
 * its reads start one more transfer each, without end; after a cancel its `readable` stays closed for good; its errors
 * are texts; a stalled endpoint stays so; it tells no `disconnect`; of a device with more functions it mixes interfaces.
 */
export class UsbPort extends EventTarget implements StreamPort {
  readonly #device: USBDevice;
  readonly #acm: AcmFunction;
  readonly #polyfill: PolyfillPort;
  /** What the browser last threw, of which the polyfill keeps but a text. */
  #fault: unknown;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;
  #transfer: Promise<USBInTransferResult> | undefined;
  #lost = false;
  readonly #gone = (event: USBConnectionEvent) => {
    if (event.device !== this.#device) return;
    this.#lost = true;
    this.dispatchEvent(new Event('disconnect'));
  };

  /** @throws DeviceError `link_refused` if the device has no serial port */
  constructor(device: USBDevice) {
    super();
    const acm = acmFunction(device);
    if (acm === undefined) throw new DeviceError('link_refused', 'USB serial port');
    this.#device = device;
    this.#acm = acm;
    this.#polyfill = new PolyfillPort(
      overheard(device, acm, (fault) => {
        this.#fault = fault;
      }),
    );
  }

  async open(options: { readonly baudRate: number; readonly bufferSize: number }): Promise<void> {
    this.#lost = false;
    this.#fault = undefined;
    navigator.usb.addEventListener('disconnect', this.#gone);
    try {
      await this.#polyfill.open(options);
    } catch (error) {
      navigator.usb.removeEventListener('disconnect', this.#gone);
      throw this.#fault ?? error;
    }
  }

  get readable(): ReadableStream<Uint8Array> | null {
    if (this.#isOver) return null;
    this.#readable ??= this.#newReadable();
    return this.#readable;
  }

  get writable(): WritableStream<Uint8Array> | null {
    if (this.#isOver) return null;
    this.#writable ??= new WritableStream({ write: (chunk) => this.#send(chunk) });
    return this.#writable;
  }

  async close(): Promise<void> {
    navigator.usb.removeEventListener('disconnect', this.#gone);
    // The polyfill lowers DTR first, and leaves the device open if that fails, as it does when the device is gone.
    await this.#polyfill.close().catch(() => undefined);
    if (this.#device.opened) await this.#device.close();
    this.#readable = undefined;
    this.#writable = undefined;
    this.#transfer = undefined;
  }

  get #isOver(): boolean {
    return this.#lost || !this.#device.opened;
  }

  #newReadable(): ReadableStream<Uint8Array> {
    const stream: ReadableStream<Uint8Array> = new ReadableStream(
      {
        pull: (controller) => this.#pull(controller, () => stream === this.#readable),
        cancel: () => {
          this.#readable = undefined;
        },
      },
      // Nothing is read ahead, so that nothing is thrown away with a stream.
      { highWaterMark: 0 },
    );
    return stream;
  }

  /**
   * One transfer at a time, over all streams: what a cancelled stream had asked for stays in flight, and its bytes are
   * the next stream's first.
   */
  async #pull(controller: ReadableStreamDefaultController<Uint8Array>, isCurrent: () => boolean) {
    try {
      for (let stalls = 0; stalls < MOST_STALLS; ) {
        this.#transfer ??= this.#device.transferIn(this.#acm.input.endpointNumber, TRANSFER_SIZE);
        const { status, data } = await this.#transfer;
        if (!isCurrent()) return;
        this.#transfer = undefined;
        if (status === 'stall') {
          stalls += 1;
          await this.#device.clearHalt('in', this.#acm.input.endpointNumber);
        } else if (status !== 'ok') break;
        else if (data !== undefined && data.byteLength > 0) {
          controller.enqueue(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
          return;
        }
      }
    } catch {
      // Unplugged, reset or closed: the same end for a reader.
    }
    if (!isCurrent()) return;
    this.#lost = true;
    controller.error(lostDevice());
  }

  async #send(chunk: Uint8Array): Promise<void> {
    const { endpointNumber } = this.#acm.output;
    try {
      const { status, bytesWritten } = await this.#device.transferOut(endpointNumber, new Uint8Array(chunk));
      if (status === 'ok' && bytesWritten === chunk.length) return;
      if (status === 'stall') await this.#device.clearHalt('out', endpointNumber);
    } catch {
      // As above.
    }
    this.#writable = undefined;
    throw lostDevice();
  }
}

/** Web Serial's own words for it. */
function lostDevice(): DOMException {
  return new DOMException('The device has been lost.', 'NetworkError');
}

/** The device as the polyfill sees it: with one function, and with what the browser throws told to us as well. */
function overheard(device: USBDevice, acm: AcmFunction, onFault: (fault: unknown) => void): USBDevice {
  const only = [{ interfaces: acm.interfaces }];
  return new Proxy(device, {
    get(target, name) {
      if (name === 'configurations') return only;
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(member, target, args);
        if (result instanceof Promise) result.catch(onFault);
        return result;
      };
    },
  });
}
