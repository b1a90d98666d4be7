import { expect } from 'vitest';
import { detectOn } from '../../src/device/detect.ts';
import { DRIVERS } from '../../src/device/drivers/all.ts';
import { DeviceError, type DeviceErrorCode, type DeviceSession, type Visit } from '../../src/ports/device.ts';
import { drive, FakeClock } from '../support/device-clock.ts';
import type { Wire, WireOptions } from '../support/device-wire.ts';
import { CRYPTO, type Running } from './device-rigs.ts';

export const signal = () => new AbortController().signal;

/** One visit to a device: connected, found by asking, and left without a trace on the link. */
export class Stop {
  readonly clock = new FakeClock();
  readonly wire: Wire;
  readonly #visit: Visit;
  #session: DeviceSession | undefined;

  constructor(device: Running, options?: WireOptions, visit: Visit = device.visit) {
    this.wire = device.connect(options);
    this.#visit = visit;
  }

  run<T>(work: Promise<T>): Promise<T> {
    return drive(work, this.clock, this.wire.settled);
  }

  async open(until: AbortSignal = signal()): Promise<DeviceSession> {
    const context = { ...CRYPTO, clock: this.clock, visit: this.#visit };
    this.#session = await this.run(detectOn(this.wire.link, DRIVERS, context, until));
    return this.#session;
  }

  /** Nothing listens any more, and no wait goes on. */
  async end(): Promise<void> {
    if (this.#session !== undefined) await this.run(this.#session.close());
    expect({ listeners: this.wire.listeners(), sleeping: this.clock.sleeping }).toEqual({
      listeners: 0,
      sleeping: 0,
    });
  }
}

/** The code of the DeviceError; anything else that is thrown is a defect, and thrown on. */
export async function codeOf(work: Promise<unknown>): Promise<DeviceErrorCode | 'no error'> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    if (error instanceof DeviceError) return error.code;
    throw error;
  }
}
