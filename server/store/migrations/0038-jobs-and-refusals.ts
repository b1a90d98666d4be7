/**
 * An import is resumed only with the signature it began with. An import from before that was recorded may have missed
 * rows, so it is begun anew. Refusals by a receiver are counted apart from its other faults.
 */
export const JOBS_AND_REFUSALS = [
  "alter table list_jobs add column signer text not null default ''",
  "update list_jobs set signer = 'unknown' where finished_at is null",
  'drop index list_jobs_open',
  'create unique index list_jobs_open on list_jobs (org, digest, maker, signer) where finished_at is null',
  'alter table event_sinks add column not_taken integer not null default 0',
] as const;
