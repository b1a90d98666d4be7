/** UTC time with milliseconds (RFC 3339), from milliseconds since 1970. */
export function toInstant(ms: number): string {
  return new Date(ms).toISOString();
}

/** Milliseconds since 1970 of an instant in the contract's one spelling. */
export function fromInstant(instant: string): number {
  return Date.parse(instant);
}
