type Nested<T> = Readonly<Record<string, T | Readonly<Record<string, T>>>>;

/**
 * What a benchmark says, and the last line of `--json`: ratios of things measured side by side in one run, and figures. One
 * that measures several of a kind nests them by name.
 */
export interface Report {
  readonly name: string;
  /** Null where the peer is not on this machine. */
  readonly ratios: Nested<number | null>;
  readonly figures: Nested<number | readonly number[]>;
  /** What was measured against, and what could not be, in words. */
  readonly notes?: readonly string[];
}

/** Each value with its name, dots between the nested ones. */
export function* flat(values: Report['ratios'] | Report['figures']): Generator<readonly [string, unknown]> {
  for (const [key, value] of Object.entries(values)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) yield [key, value];
    else for (const [inner, one] of Object.entries(value)) yield [`${key}.${inner}`, one];
  }
}
