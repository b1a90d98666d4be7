/** Policies by domain ('' for all domains of an organisation), and an index to count its live bindings. */
export const POLICIES = [
  'create table policies (org text not null, domain text not null, policy text not null, at text not null, by_whom text not null, primary key (org, domain))',
  'create index bindings_live_of on bindings (org, domain) where ended_at is null',
] as const;
