/**
 * How long tests wait for what must come, milliseconds: far longer than it takes, so that a busy machine makes a run slow and
 * never red, and shorter than a test may last, so that what did not come is named.
 */
export const PATIENCE = 120_000;
