import { sql } from 'kysely';
import type { Db } from './db.ts';

/**
 * Notes that what a phone is shown of a binding has changed. Every store that changes it calls this in the same transaction, which
 * is exclusive (ports/stores.ts); in a group late-changes.ts does, under the organisation's lock.
 *
 * Two things do not move the feed, though they stand in what is told. A person's other name: each device that they registered
 * would be read anew by every phone, for a name that is only shown. An import of a list: it may change a million rows, and what a
 * row says of a bound device (model, other names) is for searching alone. Both are told with the device's next change.
 */
export async function feedBinding(db: Db, id: string): Promise<void> {
  await sql`insert into device_feed (kind, id, org, n)
    select 'binding', b.id, b.org, coalesce((select max(f.n) from device_feed f where f.org = b.org), 0) + 1
    from bindings b where b.id = ${id}
    on conflict (kind, id) do update set n = excluded.n`.execute(db);
}

/** Devices at a site, whose title has changed. */
export async function feedSite(db: Db, domain: string, site: string): Promise<void> {
  await sql`insert into device_feed (kind, id, org, n)
    select 'binding', b.id, b.org, coalesce((select max(f.n) from device_feed f where f.org = b.org), 0)
      + row_number() over (order by b.id)
    from bindings b
    where b.org = (select d.org from domains d where d.name = ${domain})
      and b.domain = ${domain} and b.site = ${site} and b.ended_at is null
    on conflict (kind, id) do update set n = excluded.n`.execute(db);
}

/** The same for a registration that led to no binding, or for one that phones were told so of. */
export async function feedRecord(
  db: Db,
  id: string,
  when: 'if needed' | 'always' = 'if needed',
): Promise<void> {
  const needed =
    when === 'always'
      ? sql``
      : sql`and (r.outcome in ('held', 'refused') or exists (select 1 from device_feed k where k.kind = 'record' and k.id = r.id))`;
  await sql`insert into device_feed (kind, id, org, n)
    select 'record', r.id, r.org, coalesce((select max(f.n) from device_feed f where f.org = r.org), 0) + 1
    from records r where r.id = ${id} and r.typ = 'registration+jws' ${needed}
    on conflict (kind, id) do update set n = excluded.n`.execute(db);
}
