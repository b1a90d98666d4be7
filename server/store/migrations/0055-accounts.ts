/**
 * People who sign in by passkey. Of an invitation's secret and of a challenge only the SHA-256 is kept, so a copy of the database
 * lets nobody in. A session's sliding end is its `expires_at`.
 */
export const ACCOUNTS = [
  // WebAuthn's user handle: random, so that it says nothing of the person.
  'alter table people add column handle text',
  'alter table people add column installation_admin integer not null default 0',
  'alter table people add column email text',
  'create unique index people_handle on people (handle)',
  `create table passkeys (
    id text primary key,
    operator text not null references people (operator),
    public_key text not null,
    counter bigint not null,
    transports text not null,
    backed_up integer not null,
    label text not null,
    made_at text not null,
    used_at text,
    ended_at text,
    ended_why text
  )`,
  'create index passkeys_operator on passkeys (operator)',
  `create table invitations (
    id text primary key,
    hash text not null unique,
    kind text not null,
    org text,
    role text,
    operator text,
    name text not null,
    made_by text,
    made_at text not null,
    expires_at text not null,
    waits integer not null,
    approved_by text,
    used_at text,
    used_by text,
    withdrawn_at text
  )`,
  'create index invitations_org on invitations (org)',
  `create table ceremonies (
    hash text primary key,
    browser text not null,
    kind text not null,
    invitation text,
    about text not null,
    expires_at text not null
  )`,
  'alter table sessions add column label text',
] as const;
