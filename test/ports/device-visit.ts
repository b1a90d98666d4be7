import { expect } from 'vitest';
import { detectOn } from '../../src/device/detect.ts';
import { DRIVERS } from '../../src/device/drivers/all.ts';
import type { DeviceEvidence, DeviceSession, Visit, WrittenPart } from '../../src/ports/device.ts';
import { bundleWith } from '../support/device-certificate.ts';
import { drive, FakeClock } from '../support/device-clock.ts';
import { signal } from '../support/device-code.ts';
import type { Wire, WireOptions } from '../support/device-wire.ts';
import { CRYPTO, type Running } from './rig.ts';

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

export async function evidenceOf(stop: Stop, session: DeviceSession): Promise<DeviceEvidence> {
  return stop.run(session.evidence(signal()));
}

/** Ready for its certificate: a firmware that makes its key has made it, and the visit is over. */
export async function registered(device: Running): Promise<void> {
  const stop = new Stop(device);
  await evidenceOf(stop, await stop.open());
  await stop.end();
}

export function keyOf(device: Running): Uint8Array {
  return device.publicKey ?? new Uint8Array(0);
}

/** Identity, evidence and, where it can be, a certificate for its own key. */
export async function walk(
  stop: Stop,
  session: DeviceSession,
  device: Running,
): Promise<readonly WrittenPart[]> {
  await stop.run(session.identify(signal()));
  if (session.traits.evidence === 'none') await stop.run(Promise.resolve(session.wifi?.scan(signal())));
  if (session.traits.evidence === 'none' || device.publicKey === undefined) return [];
  await evidenceOf(stop, session);
  if (!session.traits.installs) return [];
  return stop.run(session.install(bundleWith(device.publicKey, { chain: 0 }), () => undefined, signal()));
}
