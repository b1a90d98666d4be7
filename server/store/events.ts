import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { DeviceEvent, EventKind, Events, SinkProgress, SinkState } from '../ports/events.ts';
import type { Db } from './db.ts';
import { fromJson } from './json.ts';
import { PENDING } from './key-lineage.ts';
import type { Tables } from './tables.ts';

function toSink(row: Tables['event_sinks']): SinkState {
  const { name, org, target, topic, told, tries, fault } = row;
  return {
    name,
    org,
    kind: row.kind as SinkState['kind'],
    target,
    topic,
    kinds: fromJson<EventKind[]>(row.kinds),
    madeAt: row.made_at,
    madeBy: row.made_by,
    told,
    tries,
    notTaken: row.not_taken,
    fault,
    nextAt: row.next_at,
    failingSince: row.failing_since,
    deadAt: row.dead_at,
  };
}

const fromProgress = ({ told, tries, notTaken, fault, nextAt, failingSince, deadAt }: SinkProgress) => ({
  told,
  tries,
  not_taken: notTaken,
  fault,
  next_at: nextAt,
  failing_since: failingSince,
  dead_at: deadAt,
});

export function events(db: Db): Events {
  const sinks = db.selectFrom('event_sinks').selectAll();

  /** The newest number ever used: events that all receivers have may be gone. */
  async function last(org: string): Promise<number> {
    const newest = await sql<{ n: number | null }>`select max(n) as n from events where org = ${org}`.execute(
      db,
    );
    const told = await sql<{ n: number | null }>`
      select max(told) as n from event_sinks where org = ${org}`.execute(db);
    return Math.max(newest.rows[0]?.n ?? 0, told.rows[0]?.n ?? 0);
  }

  return {
    async append(org, some) {
      if (some.length === 0) return;
      const heard = await db
        .selectFrom('event_sinks')
        .select('name')
        .where('org', '=', org)
        .limit(1)
        .execute();
      if (heard.length === 0) return;
      // Numbered under the same lock as the organisation's stream of changes (changes.ts, grouped/late-changes.ts).
      let n = await last(org);
      await db
        .insertInto('events')
        .values(some.map((event) => toRow(org, ++n, event)))
        .execute();
    },
    async addSink({ name, org, kind, target, topic, kinds, madeAt, madeBy }) {
      const told = await last(org);
      const added = await db
        .insertInto('event_sinks')
        .values({
          ...{
            name,
            org,
            kind,
            target,
            topic,
            kinds: JSON.stringify(kinds),
            made_at: madeAt,
            made_by: madeBy,
          },
          ...{
            told,
            tries: 0,
            not_taken: 0,
            next_at: madeAt,
            failing_since: null,
            fault: null,
            dead_at: null,
          },
        })
        .onConflict((c) => c.column('name').doNothing())
        .executeTakeFirst();
      return added.numInsertedOrUpdatedRows === 1n;
    },
    async removeSink(name) {
      const done = await db.deleteFrom('event_sinks').where('name', '=', name).executeTakeFirst();
      await db.deleteFrom('event_refusals').where('sink', '=', name).execute();
      return done.numDeletedRows === 1n;
    },
    async sinks() {
      return (await sinks.orderBy('name').execute()).map(toSink);
    },
    async sink(name) {
      const row = await sinks.where('name', '=', name).executeTakeFirst();
      return row && toSink(row);
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
    async progress(name, progress) {
      await db.updateTable('event_sinks').set(fromProgress(progress)).where('name', '=', name).execute();
    },
    async refuse(sink, { n, id }, why, at) {
      await db
        .insertInto('event_refusals')
        .values({ sink, n, id, why, at })
        .onConflict((c) => c.doNothing())
        .execute();
    },
    async refusals(sink) {
      const rows = await db.selectFrom('event_refusals').select('n').where('sink', '=', sink).execute();
      return rows.length;
    },
    async forget(before) {
      const least = await sql<{ org: string; n: number }>`
        select org, min(told) as n from event_sinks group by org`.execute(db);
      const byOrg = new Map(least.rows.map(({ org, n }) => [org, n]));
      const orgs = await db.selectFrom('events').select('org').distinct().execute();
      for (const { org } of orgs) {
        const old = db.deleteFrom('events').where('org', '=', org).where('at', '<', before);
        const told = byOrg.get(org);
        // Without a receiver nobody waits for any of them.
        await (told === undefined ? old : old.where('n', '<=', told)).execute();
      }
    },
    async dueUntold(org, before, limit) {
      const rows = await sql<{
        serial: string;
        fingerprint: string;
        not_after: string;
        maker: string;
        udid: string;
        domain: string;
      }>`
        select c.serial, c.fingerprint, c.not_after, b.maker, b.udid, b.domain
        from bindings b join certificates c on c.binding = b.id
        where b.org = ${org} and b.ended_at is null
          and c.revoked_at is null and c.not_after < ${before}
          and not ${isPending('c')}
          and not exists (select 1 from due_notices d where d.serial = c.serial)
          and not exists (
            select 1 from certificates newer
            where newer.binding = b.id and newer.not_after > c.not_after
              and newer.revoked_at is null and not ${isPending('newer')})
        limit ${limit}`.execute(db);
      return rows.rows.map(({ not_after: notAfter, ...row }) => ({ ...row, notAfter }));
    },
    async noteDue(serial, at) {
      const added = await db
        .insertInto('due_notices')
        .values({ serial, at })
        .onConflict((c) => c.doNothing())
        .executeTakeFirst();
      return added.numInsertedOrUpdatedRows === 1n;
    },
  };
}

/** Whether a certificate of the binding `b` is for a key that waits to be shown: nothing to a device that lost that key. */
function isPending(certificate: 'c' | 'newer') {
  const serial = sql.ref(`${certificate}.serial`);
  return sql`exists (
    select 1 from lineage l where l.binding = b.id and l.state = ${PENDING} and l.serial = ${serial})`;
}

function toRow(org: string, n: number, event: DeviceEvent): Tables['events'] {
  return { org, n, id: randomUUID(), kind: event.kind, at: event.at, body: JSON.stringify(event) };
}
