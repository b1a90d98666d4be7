import type { Timer } from '../../../core/clock.ts';
import { DeviceError } from '../../ports/device.ts';
import { fromPlatform } from '../error.ts';
import { stillOpen, within } from '../protocols/within.ts';
import type { Loss } from './loss.ts';

const OPERATION_MS = 8_000;
const SETTLE_MS = 300;

/**
 * GATT operations, one at a time and each with an end of its own. One at a time, because Android answers a second one
 * with "GATT operation already in progress". With an end, because a GATT promise may never settle: where the system
 * drops the objects of a lost device without an answer, Chromium waits for ever. After such a silence nobody knows
 * what the far end has, so the whole link is given up.
 */
export class GattOperations {
  readonly #clock: Timer;
  readonly #loss: Loss;
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: Timer, loss: Loss) {
    this.#clock = clock;
    this.#loss = loss;
  }

  run<T>(step: string, operation: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let rest: Promise<void> | undefined;
    const mine = this.#last.then(async () => {
      const ends = { clock: this.#clock, signal, lost: this.#loss.signal };
      stillOpen(ends, step);
      const work = operation();
      try {
        return await within(work, OPERATION_MS, step, ends);
      } catch (error) {
        if (signal.aborted) rest = this.#restOf(work, step);
        if (error instanceof DeviceError && error.code === 'timed_out') {
          this.#loss.tell('link_lost', step, error);
        } else if (!(error instanceof DeviceError) && !isAbsence(error)) {
          // A link that just went and a device that refuses fail by the same names; the disconnect event follows.
          await this.#clock.sleep(SETTLE_MS, this.#loss.signal);
          stillOpen(ends, step);
        }
        throw fromPlatform(error, step, 'device_refused');
      }
    });
    this.#last = mine.catch(() => rest);
    return mine;
  }

  /** A stop ends the wait, not the operation: the next one comes after it all the same. */
  async #restOf(work: Promise<unknown>, step: string): Promise<void> {
    const ends = { clock: this.#clock, signal: new AbortController().signal, lost: this.#loss.signal };
    await within(work, OPERATION_MS, step, ends).catch((error: unknown) => {
      if (error instanceof DeviceError && error.code === 'timed_out')
        this.#loss.tell('link_lost', step, error);
    });
  }
}

/** The device has no such service, characteristic or descriptor: an answer, which nothing else goes by the name of. */
function isAbsence(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError';
}
