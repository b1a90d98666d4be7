/**
 * More about list rows: the key that signed the row's file, the maker it was handed on to, its TPM. Imports that can
 * be resumed after a crash, and keys by which makers sign.
 */
export const LISTS = [
  'alter table list_rows add column signed_by text',
  'alter table list_rows add column handed_to text',
  'alter table list_rows add column tpm text',
  'create index list_rows_by_tpm on list_rows (scope, tpm) where tpm is not null',
  'create table list_jobs (id text primary key, org text not null, digest text not null, maker text not null, started_at text not null, finished_at text, file_offset integer not null, line integer not null, imported integer not null, unchanged integer not null, faults integer not null, rejected_bytes integer not null)',
  'create unique index list_jobs_open on list_jobs (org, digest, maker) where finished_at is null',
  'create table maker_keys (org text not null, maker text not null, digest text not null, spki blob not null, added_at text not null, added_by text not null, ended_at text, primary key (org, digest))',
] as const;
