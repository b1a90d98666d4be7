/** The signed ends of statement keys. */
export const STATEMENT_KEY_ENDS = [
  'create table statement_key_ends (kid text primary key, jws text not null, at text not null)',
] as const;
