/** Who answers for an issuing CA about the state of its certificates: the certificate of each one's delegated key. */
export const RESPONDERS = [
  'create table responders (issuer text primary key, certificate blob not null, not_after text not null)',
] as const;
