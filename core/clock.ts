/** Time as a port, so that what depends on it can be tested at any moment. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, as this machine believes. */
  now(): number;
}

/** A clock that can also be waited for. */
export interface Timer extends Clock {
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts. It never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
