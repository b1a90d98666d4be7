/** Time as a port, so that decisions can be tested at any moment. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}
