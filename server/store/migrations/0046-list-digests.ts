/**
 * The digest that phones know a list row by stands beside it, with the number of its last change, so that a phone is
 * told what changed since. Rows from before get theirs once the server runs (phones/list-changes.ts).
 */
export const LIST_DIGESTS = [
  'alter table list_rows add column digest blob',
  'alter table list_rows add column n integer not null default 0',
  'create index list_rows_undigested on list_rows (scope) where digest is null',
  'create index list_rows_in_turn on list_rows (scope, n)',
  'drop index list_rows_of',
  'create index list_rows_of on list_rows (org, n)',
  'create table list_gone (scope text not null, n integer not null, digest blob not null, org text, primary key (scope, n))',
] as const;
