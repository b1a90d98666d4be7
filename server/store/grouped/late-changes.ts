import { sql } from 'kysely';
import type { StoredChange } from '../../ports/changes.ts';
import type { DeviceEvent } from '../../ports/events.ts';
import type { Db } from '../db.ts';
import type { BulkRows, Locking } from '../engine.ts';
import { eventOf } from '../event-of.ts';
import { events } from '../events.ts';

export interface LateChanges {
  append(org: string, change: StoredChange, wasBound?: boolean): Promise<void>;
  tell(org: string, event: DeviceEvent): Promise<void>;
  flush(): Promise<void>;
}

/**
 * Collects changes until the end of a transaction. A phone asks for changes after the last number it saw, so numbers
 * must become visible in order: an organisation's stream is locked from numbering to the end of the transaction.
 */
export function lateChanges(db: Db, bulk: BulkRows, { wait }: Locking): LateChanges {
  const streams = new Map<string, { readonly changes: StoredChange[]; readonly events: DeviceEvent[] }>();
  const streamOf = (org: string) => {
    const stream = streams.get(org) ?? { changes: [], events: [] };
    streams.set(org, stream);
    return stream;
  };
  return {
    async append(org, change, wasBound = false) {
      const stream = streamOf(org);
      stream.changes.push(change);
      stream.events.push(...eventOf(change, wasBound));
    },
    async tell(org, event) {
      streamOf(org).events.push(event);
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
      }
      if (rows.length === 0) return;
      const columns = ['org', 'n', 'record', 'change'];
      await bulk.insert(db, { table: 'changes', columns, unlessThere: false }, rows);
    },
  };
}
