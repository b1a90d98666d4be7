/**
 * How often the standing of an issuer's certificates changed: what a CRL was signed after is compared by this, since clocks
 * of several processes, and waits for a turn, put times in another order than commits.
 */
export const REVOCATION_COUNTS = [
  'create table revocation_counts (issuer text primary key, n integer not null)',
  // What was signed before has none, so it is signed anew.
  'alter table crls add column revocations integer not null default -1',
  'drop table hold_releases',
] as const;
