/**
 * Suspension and replacement of bound devices; the last time an issuer took a certificate off hold, so that its CRL
 * is signed anew; and machine clients with narrow rights.
 */
export const DEVICE_LIFE = [
  'create table suspensions (binding text primary key, reason text not null, at text not null, by_whom text not null)',
  'create table successions (binding text primary key, predecessor text not null, position text, at text not null)',
  'create table hold_releases (issuer text primary key, at text not null)',
  'create table clients (name text primary key, org text not null, rights text not null, hash text not null unique, made_at text not null, made_by text not null, revoked_at text)',
] as const;
