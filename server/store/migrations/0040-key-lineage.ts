/** Lineages of keys, kept for good: the device of each key, and the pending key. */
export const KEY_LINEAGE = [
  'create table lineage (key_digest text primary key, spki blob not null, maker text not null, udid text not null, binding text not null, request blob, serial text, state text not null, first_use integer not null, at text not null)',
  'create index lineage_of on lineage (udid, maker)',
  "create unique index lineage_pending on lineage (binding) where state = 'pending'",
] as const;
