import type { Timer } from '../../core/clock.ts';

interface Event {
  readonly at: number;
  readonly happen: () => void;
  /** A delivery on the wire; else somebody's own wait. */
  readonly delivers: boolean;
}

/**
 * Time that goes from event to event, so that a wait costs nothing and is counted all the same: `waited` is what passed
 * while nothing at all was on its way, in either direction.
 */
export class EventClock implements Timer {
  #now = 0;
  #waited = 0;
  #events: readonly Event[] = [];

  now(): number {
    return this.#now;
  }

  get waited(): number {
    return this.#waited;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const event = { at: this.#now + ms, happen: resolve, delivers: false };
      this.#events = [...this.#events, event];
      signal?.addEventListener('abort', () => {
        this.#events = this.#events.filter((one) => one !== event);
        resolve();
      });
    });
  }

  /** Something that arrives after `ms`. */
  deliver(ms: number, happen: () => void): void {
    this.#events = [...this.#events, { at: this.#now + ms, happen, delivers: true }];
  }

  /** Runs `work` to its end; time goes on only when nobody has anything left to do at this moment. */
  async run<T>(work: Promise<T>, settled: () => Promise<void>): Promise<T> {
    let over = false;
    const end = () => {
      over = true;
    };
    work.then(end, end);
    while (!over) {
      await settled();
      for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
      await settled();
      if (!over) this.#next();
    }
    return work;
  }

  #next(): void {
    const first = this.#events.toSorted((a, b) => a.at - b.at)[0];
    if (first === undefined) return;
    if (!this.#events.some(({ delivers }) => delivers)) this.#waited += first.at - this.#now;
    this.#now = first.at;
    this.#events = this.#events.filter((one) => one !== first);
    first.happen();
  }
}
