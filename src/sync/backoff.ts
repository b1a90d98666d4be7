const BASE_MS = 2_000;
const CEILING_MS = 300_000;

/**
 * Exponential back-off with full jitter: milliseconds before try `attempts + 1`, random(0, min(ceiling, base × 2^n)).
 * `random` is in [0, 1). A Retry-After of the server takes precedence.
 */
export function backoff(attempts: number, random: number, retryAfterMs: number | null): number {
  if (retryAfterMs !== null) return retryAfterMs;
  return Math.floor(random * Math.min(CEILING_MS, BASE_MS * 2 ** Math.min(attempts, 16)));
}
