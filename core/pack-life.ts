const DAY_MS = 24 * 3_600_000;

/** A work pack serves for 14 days, which is also how long its challenge may be used. */
export const PACK_LIFE_MS = 14 * DAY_MS;

/** The greatest age of a pack's challenge at capture: the pack's life, and a day by which a phone's clock may be off. */
export const CHALLENGE_AGE_MS = PACK_LIFE_MS + DAY_MS;
