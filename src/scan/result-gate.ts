import type { Reading } from './decode/reading.ts';

/** A code stays suppressed while in view and this long after it was last seen, milliseconds. */
const GONE_AFTER = 1_800;
/** Two readings agree if they are of frames no further apart than this, milliseconds. */
const AGREE_WITHIN = 1_000;

/**
 * Decides which readings count. Matrix codes carry Reed-Solomon correction and are taken at once; Code 128 has one check
 * character in 103, so two frames must agree; so must two of the browser's own detector, whose decoder is unknown.
 * Pure: the caller tells the time.
 */
export class ResultGate {
  #pending: { readonly key: string; readonly at: number } | undefined;
  #shown: { readonly key: string; seen: number } | undefined;

  /** @param now milliseconds, any origin. True if the reading is a new result. */
  accept(reading: Reading, now: number): boolean {
    const key = `${reading.format} ${reading.text}`;
    if (this.#shown !== undefined && now - this.#shown.seen > GONE_AFTER) this.#shown = undefined;
    if (this.#shown?.key === key) {
      this.#shown.seen = now;
      return false;
    }
    if (reading.format === 'code-128' || reading.engine === 'native') {
      const before = this.#pending;
      this.#pending = { key, at: now };
      if (before?.key !== key || now - before.at > AGREE_WITHIN) return false;
    }
    this.#pending = undefined;
    this.#shown = { key, seen: now };
    return true;
  }

  /** Forgets what was shown: the next reading counts even if it is the same code. */
  reset(): void {
    this.#pending = undefined;
    this.#shown = undefined;
  }
}
