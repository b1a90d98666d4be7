/** Time as a port: nothing pure reads the clock or sets a timer by itself. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, as this machine believes. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts (it never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
