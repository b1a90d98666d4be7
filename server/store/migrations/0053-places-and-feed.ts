/**
 * Where devices stood before a correction or a move. What stands where is told to phones by a feed: `n` is the number of the last
 * change of a binding or record. `handed` are certificates that a device has, by whoever said so first: no void takes those back.
 * `turn` puts a binding's certificates in their order, since two may begin within one second. A closed site keeps its devices.
 */
export const PLACES_AND_FEED = [
  'create table places (registration text not null, n integer not null, binding text, domain text not null, site text, position text, stands_by text not null, record text not null, at text not null, by_whom text not null, because text, before text not null, primary key (registration, n))',
  'create table device_feed (kind text not null, id text not null, org text not null, n integer not null, primary key (kind, id))',
  'create index device_feed_since on device_feed (org, n)',
  'create table handed (serial text primary key, how text not null, at text not null)',
  'alter table sites add column closed_at text',
  'create index sites_id on sites (id)',
  'alter table intents add column turn integer not null default 0',
  'alter table certificates add column turn integer not null default 0',
  "insert into handed (serial, how, at) select c.serial, b.state, c.not_before from certificates c join bindings b on b.id = c.binding where b.state in ('installed', 'shown')",
  "insert into device_feed (kind, id, org, n) select 'binding', id, org, row_number() over (partition by org order by bound_at, id) from bindings",
  `insert into device_feed (kind, id, org, n) select 'record', id, org, coalesce((select max(n) from device_feed f where f.org = r.org), 0) + row_number() over (partition by org order by received_at, id)
    from records r where typ = 'registration+jws' and binding is null and outcome in ('held', 'refused')`,
] as const;
