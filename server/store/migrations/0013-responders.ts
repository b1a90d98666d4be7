/** OCSP responders: for each issuing CA the certificate of the key that answers for it. */
export const RESPONDERS = [
  'create table responders (issuer text primary key, certificate blob not null, not_after text not null)',
] as const;
