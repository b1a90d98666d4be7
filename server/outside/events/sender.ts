import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import type { Deliveries } from '../../ports/deliveries.ts';
import type { StoredEvent } from '../../ports/events.ts';
import type { StepListener } from '../../ports/instrument.ts';
import type { ReceiverProgress, ReceiverState } from '../../ports/receivers.ts';
import type { Needs } from '../../ports/stores.ts';
import { afterFault, afterSuccess, isDue } from './next-try.ts';
import { eventStatement, type StatementParts } from './statement.ts';

export interface SenderParts extends StatementParts {
  readonly stores: Needs<'events' | 'receivers' | 'leases'>;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** Name of this process, as owner of its leases. */
  readonly writer: string;
  readonly onStep: StepListener;
  readonly onFault: (error: unknown) => void;
}

export interface EventSender {
  /** Delivers to every receiver the events that it does not have yet, as far as possible now. */
  run(): Promise<void>;
  /** Stops after the event in flight. */
  close(): Promise<void>;
  /** How many events this process has delivered. */
  readonly told: () => number;
}

/** Longer than the delivery of one event, so that the lease never ends meanwhile. */
const LEASE = 60_000;
const PAGE = 100;
/**
 * After this many refusals in a row an event is skipped. Until then it is retried, since the receiver may be repaired
 * meanwhile.
 */
const MOST_REFUSALS = 5;

/**
 * Delivers events to receivers in the order in which they happened, at-least-once. A lease lets one process at a time
 * deliver to a receiver; a receiver that fails delays no other. Progress is written after the receiver accepted an
 * event, so after a crash in between the event is delivered again, with the same id.
 */
export function eventSender(parts: SenderParts): EventSender {
  const { stores, deliveries, clock, crypto, writer, onStep, onFault } = parts;
  let count = 0;
  let closing = false;
  let running: Promise<void> | undefined;

  async function round(): Promise<void> {
    const now = clock.now();
    const ready = (await stores.receivers.receivers()).filter(
      ({ deadAt, nextAt }) => deadAt === null && isDue(nextAt, now),
    );
    await Promise.all(ready.map((receiver) => tellReceiver(receiver).catch(onFault)));
  }

  const leaseOf = ({ name }: ReceiverState) => ({ name: `events ${name}`, owner: writer });

  async function renewLease(receiver: ReceiverState): Promise<boolean> {
    const now = clock.now();
    return stores.leases.take({ ...leaseOf(receiver), now: toInstant(now), until: toInstant(now + LEASE) });
  }

  async function tellReceiver(due: ReceiverState): Promise<void> {
    if ((await stores.events.waiting(due.org, due.told, 1)) === 0 || !(await renewLease(due))) return;
    try {
      // The previous owner of the lease may have made progress, so the state is read again.
      let receiver = await stores.receivers.receiver(due.name);
      while (receiver !== undefined && receiver.deadAt === null && !closing) {
        const page = await stores.events.after(receiver.org, receiver.told, PAGE);
        if (page.length === 0 || !(await tellPage(receiver, page))) return;
        receiver = await stores.receivers.receiver(due.name);
      }
    } finally {
      await deliveries.leave(due);
      await stores.leases.leave(leaseOf(due).name, writer);
    }
  }

  /** False if delivery stopped before the end of the page. */
  async function tellPage(receiver: ReceiverState, page: readonly StoredEvent[]): Promise<boolean> {
    let state: ReceiverProgress = receiver;
    let leasedAt = clock.now();
    for (const stored of page) {
      if (closing) return false;
      if (Math.abs(clock.now() - leasedAt) > LEASE / 3) {
        if (!(await renewLease(receiver))) return false;
        leasedAt = clock.now();
      }
      if (receiver.kinds.includes(stored.event.kind)) {
        const next = await tellOne(receiver, state, stored);
        await stores.receivers.progress(receiver.name, next);
        if (next.told !== stored.n) return false;
        state = next;
      } else state = { ...state, told: stored.n };
    }
    await stores.receivers.progress(receiver.name, state);
    return true;
  }

  async function tellOne(
    receiver: ReceiverState,
    state: ReceiverProgress,
    stored: StoredEvent,
  ): Promise<ReceiverProgress> {
    const jws = await eventStatement(receiver, stored, clock.now(), parts);
    const done = await deliveries.deliver(receiver, { kind: stored.event.kind, jws });
    const now = clock.now();
    if (done.ok) {
      onStep('told');
      count++;
      return afterSuccess(stored.n, now);
    }
    const next = afterFault(state, done, now, crypto);
    if (next.notTaken >= MOST_REFUSALS) {
      // Later events must not wait for one that will never be accepted.
      await stores.receivers.refuse(receiver.name, stored, done.fault, toInstant(now));
      return afterSuccess(stored.n, now);
    }
    return next;
  }

  return {
    run() {
      if (closing) return Promise.resolve();
      running ??= round().finally(() => {
        running = undefined;
      });
      return running;
    },
    async close() {
      closing = true;
      await running;
    },
    told: () => count,
  };
}
