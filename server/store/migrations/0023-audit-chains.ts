/**
 * One chain of the audit trail for each writer. The single chain from before can still be verified, as that of the
 * writer `first`.
 */
export const AUDIT_CHAINS = [
  'create table trail (writer text not null, n integer not null, at text not null, step text not null, event text not null, actor text not null, org text, subject text not null, detail text not null, prev text not null, hash text not null, primary key (writer, n))',
  "insert into trail (writer, n, at, step, event, actor, org, subject, detail, prev, hash) select 'first', n, at, step, event, actor, org, subject, detail, prev, hash from audit order by n",
  'create table audit_heads (writer text primary key, n integer not null, hash text not null, sealed integer not null)',
  "insert into audit_heads (writer, n, hash, sealed) select 'first', n, hash, 0 from audit order by n desc limit 1",
  'drop table audit',
  'alter table trail rename to audit',
  'create table audit_seals (n integer primary key, at text not null, heads text not null, jws text not null)',
  'create table leases (name text primary key, owner text not null, until text not null)',
] as const;
