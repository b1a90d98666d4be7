import type { Timer } from '../../core/clock.ts';

/** Time that moves only when told to. */
export class FakeClock implements Timer {
  #now = Date.UTC(2026, 0, 1);
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      const leave = () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        resolve();
      };
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter((one) => one.at <= this.#now);
    this.#sleepers = this.#sleepers.filter((one) => one.at > this.#now);
    for (const sleeper of due) sleeper.wake();
  }

  /** Waits still running: none should be left when everything has ended. */
  get sleeping(): number {
    return this.#sleepers.length;
  }
}

/**
 * Lets `work` run to its end, moving the clock on only while the device has nothing left to do, so that a slow machine
 * never turns a reply into a time-out.
 */
export async function drive<T>(
  work: Promise<T>,
  clock: FakeClock,
  deviceSettled: () => Promise<void>,
): Promise<T> {
  let over = false;
  const end = () => {
    over = true;
  };
  work.then(end, end);
  while (!over) {
    await deviceSettled();
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    await deviceSettled();
    if (!over) clock.advance(100);
  }
  return work;
}
