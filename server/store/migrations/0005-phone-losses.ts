/** What phones reported lost, by the operator key that was lost with it. */
export const PHONE_LOSSES = [
  'create table phone_losses (kid text primary key, report text not null, reported_at text not null)',
] as const;
