/**
 * Since when somebody is an administrator, and until when they were: of an organisation, or with an empty one of the installation.
 * Whoever was one before this was kept has no row. A session knows which passkey began it.
 */
export const ADMINISTRATORS_SINCE = [
  `create table administrator_times (
    operator text not null,
    org text not null,
    since text not null,
    until text,
    primary key (operator, org)
  )`,
  'alter table sessions add column passkey text',
  'alter table ceremonies add column made_at text',
] as const;
