/** Entries of the trail have a salt from here on; those that are there keep the form without one. */
export const SALTED_ENTRIES = ["alter table audit add column salt text not null default ''"] as const;
