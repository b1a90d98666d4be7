/**
 * Lives of the database: each copy that is put back begins one. Whoever a copy brought back needs somebody to confirm them.
 * Certificates that our CA signed and the copy does not know are kept apart until their binding is known again.
 */
export const ERAS = [
  'create table eras (n integer primary key, era text not null, copy_at text not null, at text not null, jws text not null)',
  `create table revived (name text primary key, era text not null, confirmed_at text, confirmed_by text)`,
  `create table found_certificates (issuer text not null, serial text not null, der blob, fingerprint text,
    not_before text not null, not_after text not null, udid text, domain text, key_digest text,
    revoked_at text, reason text, found_at text not null, found_by text not null, primary key (issuer, serial))`,
  'create index found_certificates_key on found_certificates (key_digest)',
  'create index found_certificates_udid on found_certificates (udid)',
] as const;
