import type { BackendFailure } from '../ports/backend.ts';

/** Refusals that one record may have brought on all the others of its batch. The rest concern whoever asks. */
const BY_CONTENT: readonly string[] = ['request_invalid', 'too_large', 'internal'];

/**
 * How many records the next batch carries. Where a batch is refused as a whole, and was before, one record in it may be
 * the reason: each half is tried until that record stands alone, and the others flow.
 */
export class BatchSize {
  readonly #most: number;
  /** Records among which the culprit is; 0 while none is sought. */
  #suspects = 0;
  /** A culprit was found and nothing was taken since: a second one in a row means that the fault lies with the server. */
  #found = false;

  constructor(most: number) {
    this.#most = most;
  }

  get limit(): number {
    return this.#suspects === 0 ? this.#most : Math.ceil(this.#suspects / 2);
  }

  taken(count: number): void {
    this.#suspects = Math.max(0, this.#suspects - count);
    this.#found = false;
  }

  /** After a batch of `count` was refused: try a smaller one, set its only record aside, or stop. */
  afterRefusal(
    count: number,
    failure: BackendFailure,
    refusedBefore: boolean,
  ): 'smaller' | 'set_aside' | 'stop' {
    const sought = this.#suspects > 0;
    if (failure.kind !== 'refused' || !BY_CONTENT.includes(failure.code)) return 'stop';
    if (this.#found || !(sought || refusedBefore)) return 'stop';
    this.#suspects = count > 1 ? count : 0;
    if (count > 1) return 'smaller';
    this.#found = true;
    return 'set_aside';
  }
}
