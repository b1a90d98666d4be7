const BASE_MS = 2_000;
const CEILING_MS = 300_000;

/**
 * Milliseconds to wait before try `attempts + 1`: full jitter, random(0, min(ceiling, base × 2^n)). `random` is in
 * [0, 1). A time the server named wins.
 */
export function backoff(attempts: number, random: number, retryAfterMs: number | null): number {
  if (retryAfterMs !== null) return retryAfterMs;
  return Math.floor(random * Math.min(CEILING_MS, BASE_MS * 2 ** Math.min(attempts, 16)));
}
