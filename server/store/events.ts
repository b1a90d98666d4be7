import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { DeviceEvent, Events } from '../ports/events.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import type { Tables } from './tables.ts';

export function events(db: Db): Events {
  return {
    async append(org, some) {
      if (some.length === 0) return;
      const heard = await db
        .selectFrom('event_receivers')
        .select('name')
        .where('org', '=', org)
        .limit(1)
        .execute();
      if (heard.length === 0) return;
      // Events are numbered under the same lock as the organisation's stream of changes (changes.ts,
      // grouped/late-changes.ts).
      let n = await lastEvent(db, org);
      await db
        .insertInto('events')
        .values(some.map((event) => toRow(org, ++n, event)))
        .execute();
    },
    async after(org, n, limit) {
      const rows = await db
        .selectFrom('events')
        .select(['n', 'id', 'body'])
        .where('org', '=', org)
        .where('n', '>', n)
        .orderBy('n')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ n: row.n, id: row.id, event: fromJson<DeviceEvent>(row.body) }));
    },
    async waiting(org, n, most) {
      const rows = await db
        .selectFrom('events')
        .select('n')
        .where('org', '=', org)
        .where('n', '>', n)
        .limit(most)
        .execute();
      return rows.length;
    },
    async forget(before) {
      const least = await sql<{ org: string; n: number }>`
        select org, min(told) as n from event_receivers group by org`.execute(db);
      const byOrg = new Map(least.rows.map(({ org, n }) => [org, n]));
      const orgs = await db.selectFrom('events').select('org').distinct().execute();
      for (const { org } of orgs) {
        const old = db.deleteFrom('events').where('org', '=', org).where('at', '<', before);
        const told = byOrg.get(org);
        // Without a receiver, all old events may go.
        await (told === undefined ? old : old.where('n', '<=', told)).execute();
      }
    },
  };
}

/** The newest number ever used, also if its event was removed because all receivers have it. */
export async function lastEvent(db: Db, org: string): Promise<number> {
  const newest = await sql<{ n: number | null }>`select max(n) as n from events where org = ${org}`.execute(
    db,
  );
  const told = await sql<{ n: number | null }>`
    select max(told) as n from event_receivers where org = ${org}`.execute(db);
  return Math.max(newest.rows[0]?.n ?? 0, told.rows[0]?.n ?? 0);
}

function toRow(org: string, n: number, event: DeviceEvent): Tables['events'] {
  return { org, n, id: randomUUID(), kind: event.kind, at: event.at, body: JSON.stringify(event) };
}
