/**
 * How often tests try what nobody wrote down: a twentieth in a run of the tests, in full by `npm run bench -- fuzz`, which sets
 * TEST_FUZZ. Inputs follow from the seed, which is another one in each run: TEST_FUZZ_SEED makes a run's inputs again.
 */
const FULL = process.env.TEST_FUZZ === 'full';
const SHARE = 20;

/** Of this run; vitest.config.ts draws it. */
export const SEED = Number(process.env.TEST_FUZZ_SEED ?? 0x5eed);

/** How many inputs of this full number this run tries. */
export function inputs(full: number): number {
  return FULL ? full : Math.ceil(full / SHARE);
}

/** The same, for a property of fast-check. */
export function fuzzed(full: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: inputs(full), seed: SEED };
}
