/** Decided transfer cases: who offered to give a device up, and the verdict on each case. */
export const TRANSFERS = [
  'create table give_ups (binding text primary key, by_whom text not null, because text not null, at text not null)',
  'create table transfer_verdicts (id text primary key, verdict text not null, by_whom text not null, at text not null)',
  'create index transfer_cases_of on transfer_cases (binding)',
] as const;
