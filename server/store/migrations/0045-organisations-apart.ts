/**
 * A list row belongs to its organisation, so one name may stand on several lists; each row is what its key or voucher
 * proves. A binding whose name another organisation's device has too is marked `apart`. Claims on rows of other
 * organisations wait for these. One case per claimant and binding is open: its pair is named in the case until it is
 * decided, and later claims of the same pair that were opened before this rule are closed.
 */
export const ORGANISATIONS_APART = [
  'create table list_rows_of_orgs (scope text not null, maker text not null, udid text not null, org text not null, public_key text, row text not null, imported_by text not null, imported_at text not null, signed_by text, handed_to text, tpm text, primary key (scope, maker, udid, org))',
  'insert into list_rows_of_orgs (scope, maker, udid, org, public_key, row, imported_by, imported_at, signed_by, handed_to, tpm) select scope, maker, udid, org, public_key, row, imported_by, imported_at, signed_by, handed_to, tpm from list_rows',
  'drop table list_rows',
  'alter table list_rows_of_orgs rename to list_rows',
  'create index list_rows_by_udid on list_rows (scope, udid)',
  'create index list_rows_by_key on list_rows (scope, public_key)',
  'create index list_rows_of on list_rows (org, imported_at)',
  'create index list_rows_by_tpm on list_rows (scope, tpm) where tpm is not null',
  "alter table bindings add column apart text not null default ''",
  'drop index bindings_live_name',
  'create unique index bindings_live_name on bindings (maker, udid, apart) where ended_at is null',
  'create table row_claims (record text primary key, owner text not null, claimant text not null, scope text not null, maker text not null, udid text not null, opened_at text not null)',
  'create index row_claims_of on row_claims (owner)',
  'create index row_claims_on on row_claims (scope, maker, udid)',
  'alter table transfer_cases add column open_pair text',
  "update transfer_cases set open_pair = binding || ' ' || claimant where id not in (select id from transfer_verdicts) and not exists (select 1 from transfer_cases e where e.binding = transfer_cases.binding and e.claimant = transfer_cases.claimant and e.id < transfer_cases.id and e.id not in (select id from transfer_verdicts))",
  'create unique index transfer_cases_open on transfer_cases (open_pair)',
  // Counted by scope from here on.
  "update versions set topic = 'list:real' where topic = 'list'",
] as const;
