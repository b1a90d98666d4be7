import type { DeviceError } from '../../../ports/device.ts';
import { type Ends, within } from '../within.ts';

/** One wait at a time for what a device tells unasked: frames, notifications. */
export class Answers<T> {
  readonly #ends: Omit<Ends, 'signal'>;
  #take: (message: T) => void = () => undefined;

  constructor(ends: Omit<Ends, 'signal'>) {
    this.#ends = ends;
  }

  tell(message: T): void {
    this.#take(message);
  }

  /** Does `start`, then gives the first thing `judge` makes a value of; an error it gives is thrown. */
  async after<V>(
    start: () => Promise<void>,
    judge: (message: T) => V | DeviceError | undefined,
    limit: { readonly ms: number; readonly step: string; readonly signal: AbortSignal },
  ): Promise<V> {
    let resolve: (value: V | DeviceError) => void = () => undefined;
    const answer = new Promise<V | DeviceError>((settle) => {
      resolve = settle;
    });
    const mine = (message: T) => {
      const value = judge(message);
      if (value !== undefined) resolve(value);
    };
    this.#take = mine;
    try {
      await start();
      const value = await within(answer, limit.ms, limit.step, { ...this.#ends, signal: limit.signal });
      if (value instanceof Error) throw value;
      return value;
    } finally {
      // A wait that nobody ended may last into the next one, which is not its own to end.
      if (this.#take === mine) this.#take = () => undefined;
    }
  }
}
