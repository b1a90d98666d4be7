/** Phones' reports of lost storage, by the operator key that was lost. */
export const PHONE_LOSSES = [
  'create table phone_losses (kid text primary key, report text not null, reported_at text not null)',
] as const;
