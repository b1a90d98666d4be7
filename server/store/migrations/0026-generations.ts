/** Several issuing CAs for an organisation, one after another. Existing CAs become the first generation. */
export const GENERATIONS = [
  'alter table authorities add column org text',
  'alter table authorities add column generation integer not null default 1',
  'alter table authorities add column new_with_old blob',
  'alter table authorities add column old_with_new blob',
  'alter table authorities add column replaced_at text',
  'alter table authorities add column watched_until text',
  'update authorities set org = name where root is not null',
] as const;
