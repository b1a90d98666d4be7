// Numbers alone: the page needs them where it does not need the schemas.

/** At most this many devices are listed, the newest first. A search finds the older ones. */
export const MOST_DEVICES = 1000;
/** A search has at least this many letters. */
export const LEAST_SEARCHED = 3;
