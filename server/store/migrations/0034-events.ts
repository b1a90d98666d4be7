/** Events: the receivers, what is to be delivered to them, and what a receiver refused. */
export const EVENTS = [
  'create table event_sinks (name text primary key, org text not null, kind text not null, target text not null, topic text, kinds text not null, made_at text not null, made_by text not null, told integer not null, tries integer not null, next_at text not null, failing_since text, fault text, dead_at text)',
  'create index event_sinks_of on event_sinks (org)',
  'create table events (org text not null, n integer not null, id text not null, kind text not null, at text not null, body text not null, primary key (org, n))',
  'create table event_refusals (sink text not null, n integer not null, id text not null, why text not null, at text not null, primary key (sink, n))',
  'create table due_notices (serial text primary key, at text not null)',
] as const;
