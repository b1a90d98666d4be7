/**
 * An import goes on only under the signature it began with: one begun before that was written down may have missed rows, so
 * it is begun anew. And what a receiver says it cannot take is counted apart from all else that hinders it.
 */
export const JOBS_AND_REFUSALS = [
  "alter table list_jobs add column signer text not null default ''",
  "update list_jobs set signer = 'unknown' where finished_at is null",
  'drop index list_jobs_open',
  'create unique index list_jobs_open on list_jobs (org, digest, maker, signer) where finished_at is null',
  'alter table event_sinks add column not_taken integer not null default 0',
] as const;
