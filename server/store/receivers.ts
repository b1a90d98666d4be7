import type { EventKind } from '../ports/events.ts';
import type { ReceiverProgress, ReceiverState, Receivers } from '../ports/receivers.ts';
import type { Db } from './db.ts';
import { lastEvent } from './events.ts';
import { fromJson } from './json.ts';
import type { Tables } from './tables.ts';

function toReceiver(row: Tables['event_receivers']): ReceiverState {
  const { name, org, target, topic, told, tries, fault } = row;
  return {
    name,
    org,
    kind: row.kind as ReceiverState['kind'],
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

const fromProgress = ({ told, tries, notTaken, fault, nextAt, failingSince, deadAt }: ReceiverProgress) => ({
  told,
  tries,
  not_taken: notTaken,
  fault,
  next_at: nextAt,
  failing_since: failingSince,
  dead_at: deadAt,
});

export function receivers(db: Db): Receivers {
  const select = db.selectFrom('event_receivers').selectAll();
  return {
    async add({ name, org, kind, target, topic, kinds, madeAt, madeBy }) {
      const told = await lastEvent(db, org);
      const added = await db
        .insertInto('event_receivers')
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
    async remove(name) {
      const done = await db.deleteFrom('event_receivers').where('name', '=', name).executeTakeFirst();
      await db.deleteFrom('event_refusals').where('receiver', '=', name).execute();
      return done.numDeletedRows === 1n;
    },
    async receivers() {
      return (await select.orderBy('name').execute()).map(toReceiver);
    },
    async receiver(name) {
      const row = await select.where('name', '=', name).executeTakeFirst();
      return row && toReceiver(row);
    },
    async progress(name, progress) {
      await db.updateTable('event_receivers').set(fromProgress(progress)).where('name', '=', name).execute();
    },
    async refuse(name, { n, id }, why, at) {
      await db
        .insertInto('event_refusals')
        .values({ receiver: name, n, id, why, at })
        .onConflict((c) => c.doNothing())
        .execute();
    },
    async refusals(name) {
      const rows = await db.selectFrom('event_refusals').select('n').where('receiver', '=', name).execute();
      return rows.length;
    },
  };
}
