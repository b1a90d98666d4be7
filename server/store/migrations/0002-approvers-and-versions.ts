/** Who approved a record while its certificate is being issued; look-up by UDID alone; what has changed, by topic. */
export const APPROVERS_AND_VERSIONS = [
  'alter table records add column approved_by text',
  'create index bindings_udid on bindings (udid)',
  'create table versions (topic text primary key, n integer not null)',
] as const;
