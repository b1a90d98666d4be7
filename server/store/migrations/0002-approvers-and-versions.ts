/** The approver of a record whose certificate is being issued; an index on the UDID alone; a change counter for each topic. */
export const APPROVERS_AND_VERSIONS = [
  'alter table records add column approved_by text',
  'create index bindings_udid on bindings (udid)',
  'create table versions (topic text primary key, n integer not null)',
] as const;
