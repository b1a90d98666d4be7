/** UTC time with milliseconds (RFC 3339), from milliseconds since 1970. */
export function toInstant(ms: number): string {
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() };
  return last.text;
}

/** Much of what is written together is written at one moment. */
let last = { ms: Number.NaN, text: '' };

/** Milliseconds since 1970 of an instant in the contract's one spelling. */
export function fromInstant(instant: string): number {
  return Date.parse(instant);
}
