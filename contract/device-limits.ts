// Numbers alone: the page needs them where it does not need the schemas.

/** The newest so many devices are listed; older ones are found by what they are called. */
export const MOST_DEVICES = 1000;
/** Letters of a search at the least. */
export const LEAST_SEARCHED = 3;
