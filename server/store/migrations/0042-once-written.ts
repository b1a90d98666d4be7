/**
 * Makes each registration write less. A record's payload is stored only in its envelope, and what is to be signed
 * only in a table of its own until it is signed, so rows that change are small.
 */
export const ONCE_WRITTEN = [
  'create table taken (id text primary key, digest text not null, kid text not null, seq integer not null, typ text not null, org text not null, author text not null, udid text not null, captured_at text not null, received_at text not null, outcome text, code text, decided_at text, binding text, approved_by text)',
  `insert into taken (id, digest, kid, seq, typ, org, author, udid, captured_at, received_at, outcome, code, decided_at, binding, approved_by)
    select id, digest, kid, seq, ${typeOf('header')}, org, author, udid, captured_at, received_at, outcome, code, decided_at, binding, approved_by from records`,
  'drop table records',
  'alter table taken rename to records',
  'create index records_pending on records (received_at, kid, seq) where outcome is null',
  "create index records_held on records (org, received_at) where outcome = 'held'",
  "create index records_held_of_key on records (kid, seq) where outcome = 'held'",
  'create index records_of_device on records (udid, received_at)',
  "create index records_skipped on records (kid) where typ = 'skip+jws'",
  'create table intents (serial text primary key, issuer text not null, binding text not null, tbs blob not null, tbs_digest text not null, not_before text not null, not_after text not null)',
  "insert into intents (serial, issuer, binding, tbs, tbs_digest, not_before, not_after) select serial, issuer, binding, tbs, tbs_digest, not_before, not_after from certificates where state = 'intended'",
  'create index intents_of on intents (binding)',
  'create table issued (serial text primary key, issuer text not null, binding text not null, not_before text not null, not_after text not null, fingerprint text not null unique, der blob not null, revoked_at text, reason text)',
  "insert into issued (serial, issuer, binding, not_before, not_after, fingerprint, der, revoked_at, reason) select serial, issuer, binding, not_before, not_after, fingerprint, der, revoked_at, reason from certificates where state = 'issued'",
  'drop table certificates',
  'alter table issued rename to certificates',
  'create index certificates_of on certificates (binding)',
  'create index certificates_revoked on certificates (issuer, revoked_at) where revoked_at is not null',
  'create table said (digest text primary key, typ text not null, at text not null) without rowid',
  'insert into said (digest, typ, at) select digest, typ, at from statements',
  'drop table statements',
  'alter table said rename to statements',
] as const;

/**
 * Storage parameters of PostgreSQL. A fill factor leaves room for a row's next version on the same page, so that
 * changing a record's or a binding's state does not touch the indexes. Data that cannot be compressed is not
 * compressed. The new tables' planner statistics are updated.
 */
export const ONCE_WRITTEN_HINTS = [
  'alter table records set (fillfactor = 50)',
  'alter table bindings set (fillfactor = 50)',
  'alter table envelopes set (toast_tuple_target = 8160)',
  'alter table certificates set (toast_tuple_target = 8160)',
  'alter table intents set (toast_tuple_target = 8160)',
  'analyze records',
  'analyze certificates',
  'analyze statements',
] as const;

/** A header's `typ`, in SQL that every engine understands. Inside a JSON text quotes are escaped, so it is found nowhere else. */
function typeOf(header: string): string {
  const types = ['registration', 'confirmation', 'amendment', 'void', 'release', 'transfer', 'skip'];
  const cases = types.map((typ) => `when ${header} like '%"typ":"${typ}+jws"%' then '${typ}+jws'`);
  return `case ${cases.join(' ')} end`;
}
