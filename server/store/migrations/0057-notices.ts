/** What people are told while they are not looking: what waits, what each agreed to, and the browsers that are told. */
export const NOTICES = [
  `create table notices (
    id text primary key,
    kind text not null,
    way text not null,
    org text,
    operator text,
    browser text,
    about text not null,
    sealed text,
    made_at text not null,
    ends_at text not null,
    tries integer not null,
    next_at text not null,
    fault text,
    ended_how text,
    ended_at text
  )`,
  'create index notices_due on notices (next_at) where ended_at is null',
  'create index notices_ended on notices (ended_at)',
  'create table notice_wishes (operator text not null, kind text not null, mail integer not null, push integer not null, at text not null, primary key (operator, kind))',
  'create table address_proofs (operator text primary key, address text not null, hash text not null, tries integer not null, made_at text not null, expires_at text not null)',
  'create table pushed_browsers (id text primary key, operator text not null, endpoint text not null, p256dh text not null, auth text not null, label text not null, made_at text not null)',
  'create index pushed_browsers_operator on pushed_browsers (operator)',
] as const;
