/** The longest wait that a phone notes down: what a backend may ask for at most (src/backend/request.ts), and a lease. */
const LONGEST_MS = 3_600_000 + 300_000;

/**
 * Whether a wait that was noted down is over. One that ends farther away than any lasts was noted by a clock that was ahead:
 * it would keep a record on the phone until then.
 */
export function isWaitOver(until: number, now: number): boolean {
  return until <= now || until > now + LONGEST_MS;
}
