import { sql } from 'kysely';
import type { StoredChange } from '../../ports/changes.ts';
import type { DeviceEvent } from '../../ports/events.ts';
import type { Db } from '../db.ts';
import type { BulkRows, Locking } from '../engine.ts';
import { eventOf } from '../event-of.ts';
import { events } from '../events.ts';

export interface LateChanges {
  append(org: string, change: StoredChange, wasBound?: boolean, instead?: DeviceEvent): Promise<void>;
  tell(org: string, event: DeviceEvent): Promise<void>;
  /** Notes that phones are to be told of a binding or a record (device-feed.ts). */
  feed(kind: 'binding' | 'record', id: string, org: string): void;
  flush(): Promise<void>;
}

/**
 * Collects changes until the end of a transaction. A phone asks for changes after the last number it saw, so numbers
 * must become visible in order: an organisation's stream is locked from numbering to the end of the transaction.
 */
export function lateChanges(db: Db, bulk: BulkRows, { wait }: Locking): LateChanges {
  const streams = new Map<
    string,
    { readonly changes: StoredChange[]; readonly events: DeviceEvent[]; readonly fed: Map<string, string> }
  >();
  const streamOf = (org: string) => {
    const stream = streams.get(org) ?? { changes: [], events: [], fed: new Map<string, string>() };
    streams.set(org, stream);
    return stream;
  };
  return {
    async append(org, change, wasBound = false, instead) {
      const stream = streamOf(org);
      stream.changes.push(change);
      stream.events.push(...(instead === undefined ? eventOf(change, wasBound) : [instead]));
    },
    async tell(org, event) {
      streamOf(org).events.push(event);
    },
    feed(kind, id, org) {
      streamOf(org).fed.set(id, kind);
    },
    async flush() {
      const rows: (string | number)[][] = [];
      // All transactions lock organisations in the same order, so that two of them cannot deadlock.
      for (const org of [...streams.keys()].sort()) {
        if (wait !== '') await sql`select name from orgs where name = ${org} ${sql.raw(wait)}`.execute(db);
        const last = await sql<{
          n: number | null;
        }>`select max(n) as n from changes where org = ${org}`.execute(db);
        let n = last.rows[0]?.n ?? 0;
        const stream = streamOf(org);
        for (const change of stream.changes) rows.push([org, ++n, change.record, JSON.stringify(change)]);
        await events(db).append(org, stream.events);
        await feedAll(db, org, stream.fed);
      }
      if (rows.length === 0) return;
      const columns = ['org', 'n', 'record', 'change'];
      await bulk.insert(db, { table: 'changes', columns, unlessThere: false }, rows);
    },
  };
}

/** Under the organisation's lock, with one statement for all of a group. */
async function feedAll(db: Db, org: string, fed: ReadonlyMap<string, string>): Promise<void> {
  if (fed.size === 0) return;
  const rows = [...fed].map(
    ([id, kind], index) =>
      sql`(${kind}, ${id}, ${org}, coalesce((select max(f.n) from device_feed f where f.org = ${org}), 0) + ${sql.lit(index + 1)})`,
  );
  await sql`insert into device_feed (kind, id, org, n) values ${sql.join(rows)}
    on conflict (kind, id) do update set n = excluded.n`.execute(db);
}
