import type { BackendFailure } from '../ports/backend.ts';

/** Refusals that a single record may cause for its whole batch. All other codes concern the caller. */
const BY_CONTENT: readonly string[] = ['request_invalid', 'too_large', 'internal'];
/** After no answer, or where the person saves data: small enough to get through on a bad line. */
const CAREFUL = 10;
const STEP = 25;

/**
 * How many records the next batch carries. A batch refused twice as a whole may hold one poison record: it is
 * searched by bisection until that record stands alone, and the others are sent. After a request without an answer,
 * batches begin small and grow with each that is received.
 */
export class BatchSize {
  readonly #most: number;
  #now: number;
  /** Records among which the culprit is; 0 while none is sought. */
  #suspects = 0;
  /** A poison record was found and no batch received since. A second one in a row means that the server is at fault. */
  #found = false;

  constructor(most: number) {
    this.#most = most;
    this.#now = most;
  }

  /** A copy, so that the table never changes a state it was given. */
  copy(): BatchSize {
    const copy = new BatchSize(this.#most);
    copy.#now = this.#now;
    copy.#suspects = this.#suspects;
    copy.#found = this.#found;
    return copy;
  }

  get limit(): number {
    return this.#suspects === 0 ? this.#now : Math.ceil(this.#suspects / 2);
  }

  /** A culprit is sought: what one batch brings decides what is in the next. */
  get isSeeking(): boolean {
    return this.#suspects > 0;
  }

  /** As large as it gets: the line is good, and no culprit is sought. */
  get isWhole(): boolean {
    return this.#suspects === 0 && this.#now === this.#most;
  }

  /** Before the first batch: the last one got no answer. */
  careful(): void {
    this.#now = Math.min(CAREFUL, this.#most);
  }

  /** Before the first batch: these were refused together last time, so they are not tried together again. */
  suspect(count: number): void {
    this.#suspects = count;
  }

  /** All others of a refused batch were taken: the one that is left need not be tried once more to be known. */
  get isCornered(): boolean {
    return this.#suspects === 1;
  }

  /** The one that was left has been set aside. */
  cornered(): void {
    this.#suspects = 0;
    this.#found = true;
  }

  taken(count: number): void {
    this.#suspects = Math.max(0, this.#suspects - count);
    this.#now = Math.min(this.#most, this.#now + STEP);
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
