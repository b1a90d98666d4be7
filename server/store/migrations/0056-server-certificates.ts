/**
 * Certificates that this server got by ACME, and the challenges that are open. The private keys are files in the folder of keys,
 * which all processes share, so a copy of the database has none.
 */
export const SERVER_CERTIFICATES = [
  `create table server_certificates (
    host text primary key,
    n integer not null,
    chain text not null,
    failures integer not null,
    next_at text,
    asked_until text
  )`,
  `create table acme_challenges (
    token text primary key,
    kind text not null,
    host text not null,
    answer text not null,
    until text not null
  )`,
] as const;
