/**
 * Counts how often the status of an issuer's certificates changed. A CRL records the count it was signed at: the
 * clocks of several processes, and waiting for a turn, may order times differently from commits.
 */
export const REVOCATION_COUNTS = [
  'create table revocation_counts (issuer text primary key, n integer not null)',
  // What was signed before has none, so it is signed anew.
  'alter table crls add column revocations integer not null default -1',
  'drop table hold_releases',
] as const;
