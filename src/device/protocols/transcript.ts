import { consoleText, unfinishedControl, withoutControl } from './ansi.ts';

/**
 * What a console printed since it was opened, without terminal control. Only the newest `limit` characters are kept,
 * so that a device that talks without end costs no more than that; `end` keeps counting, and is how a reader marks
 * where it was.
 */
export class Transcript {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #kept = '';
  #start = 0;
  #rest = '';

  constructor(limit = 65_536) {
    this.#limit = limit;
  }

  /** Position after the last character, counted from the opening. */
  get end(): number {
    return this.#start + this.#kept.length;
  }

  add(bytes: Uint8Array): void {
    const raw = this.#rest + consoleText(bytes);
    const unfinished = unfinishedControl(raw);
    this.#rest = raw.slice(raw.length - unfinished);
    this.#kept += withoutControl(raw.slice(0, raw.length - unfinished));
    const over = this.#kept.length - this.#limit;
    if (over > 0) {
      this.#kept = this.#kept.slice(over);
      this.#start += over;
    }
    for (const wake of [...this.#waiting]) wake();
  }

  /** The text from position `from` on, as far as it is still kept. */
  since(from: number): string {
    return this.#kept.slice(Math.max(0, from - this.#start));
  }

  /** Calls `wake` after each arrival, until the function returned is called. */
  onText(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  /** The first defined value `find` gives, now or after a later arrival. Never rejects; race it with a limit. */
  until<T>(find: () => T | undefined): { readonly found: Promise<T>; readonly stop: () => void } {
    let stop: () => void = () => undefined;
    const found = new Promise<T>((resolve) => {
      const look = () => {
        const value = find();
        if (value === undefined) return;
        stop();
        resolve(value);
      };
      stop = this.onText(look);
      look();
    });
    return { found, stop: () => stop() };
  }
}
