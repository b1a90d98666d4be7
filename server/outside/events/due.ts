import type { Clock } from '../../../core/clock.ts';
import { toInstant } from '../../../core/instant.ts';
import type { Needs, Transact } from '../../ports/stores.ts';

export interface DueParts {
  readonly stores: Needs<'events' | 'receivers' | 'leases'>;
  readonly transact: Transact<'dueNotices' | 'changes'>;
  readonly clock: Clock;
  readonly writer: string;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The same period as that of the command `due`. */
const WITHIN = 30 * DAY;
/** How long delivered events are kept, in case somebody asks. */
const KEPT_FOR = 30 * DAY;
const PAGE = 200;

/** Tells receivers about certificates that end soon, each once, and removes old delivered events. Runs hourly, in one process. */
export async function watchDue({ stores, transact, clock, writer }: DueParts): Promise<void> {
  const now = clock.now();
  const at = toInstant(now);
  const lease = { name: 'events due', owner: `${writer} ${at}`, now: at, until: toInstant(now + HOUR) };
  // The lease is not given back: the next run is due when it ends.
  if (!(await stores.leases.take(lease))) return;
  const before = toInstant(now + WITHIN);
  for (const org of new Set((await stores.receivers.receivers()).map((receiver) => receiver.org))) {
    for (let more = true; more; ) {
      more = await transact(async (tx) => {
        const found = await tx.dueNotices.untold(org, before, PAGE);
        for (const { serial, ...due } of found)
          if (await tx.dueNotices.note(serial, at)) await tx.changes.tell(org, { kind: 'due', at, ...due });
        return found.length === PAGE;
      });
    }
  }
  await stores.events.forget(toInstant(now - KEPT_FOR));
}
