import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import type { Deliveries } from '../../ports/deliveries.ts';
import type { StoredEvent } from '../../ports/events.ts';
import type { StepListener } from '../../ports/instrument.ts';
import type { ReceiverProgress, ReceiverState } from '../../ports/receivers.ts';
import type { Needs } from '../../ports/stores.ts';
import { afterFault, afterSuccess } from './next-try.ts';
import { eventStatement, type StatementParts } from './statement.ts';

export interface SenderParts extends StatementParts {
  readonly stores: Needs<'events' | 'receivers' | 'leases'>;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** This process. */
  readonly writer: string;
  readonly onStep: StepListener;
  readonly onFault: (error: unknown) => void;
}

export interface EventSender {
  /** Tells every receiver what it has not got yet, as far as it goes now. */
  run(): Promise<void>;
  /** Ends after the event under way. */
  close(): Promise<void>;
  /** How many this process brought to a receiver. */
  readonly told: () => number;
}

/** Longer than one event can take, so that it never ends under way. */
const LEASE = 60_000;
const PAGE = 100;
/** So often in a row a receiver is asked to take what it says it cannot: it may have been mended meanwhile. */
const ASKED = 5;

/**
 * Tells receivers in the order in which things happened. One process at a time tells one of them, by a lease; a receiver that
 * fails holds up nobody else. Its place is written after it said yes, so a crash between the two tells it again: at least
 * once, under the same id.
 */
export function eventSender(parts: SenderParts): EventSender {
  const { stores, deliveries, clock, crypto, writer, onStep, onFault } = parts;
  let count = 0;
  let closing = false;
  let running: Promise<void> | undefined;

  async function round(): Promise<void> {
    const now = toInstant(clock.now());
    const ready = (await stores.receivers.receivers()).filter(
      ({ deadAt, nextAt }) => deadAt === null && nextAt <= now,
    );
    await Promise.all(ready.map((receiver) => tellReceiver(receiver).catch(onFault)));
  }

  const leaseOf = ({ name }: ReceiverState) => ({ name: `events ${name}`, owner: writer });

  async function hold(receiver: ReceiverState): Promise<boolean> {
    const now = clock.now();
    return stores.leases.take({ ...leaseOf(receiver), now: toInstant(now), until: toInstant(now + LEASE) });
  }

  async function tellReceiver(asked: ReceiverState): Promise<void> {
    if ((await stores.events.waiting(asked.org, asked.told, 1)) === 0 || !(await hold(asked))) return;
    try {
      // As the one who held the lease before left it.
      let receiver = await stores.receivers.receiver(asked.name);
      while (receiver !== undefined && receiver.deadAt === null && !closing) {
        const page = await stores.events.after(receiver.org, receiver.told, PAGE);
        if (page.length === 0 || !(await tellPage(receiver, page))) return;
        receiver = await stores.receivers.receiver(asked.name);
      }
    } finally {
      await deliveries.leave(asked);
      await stores.leases.leave(leaseOf(asked).name, writer);
    }
  }

  /** False if it stopped before the end of the page. */
  async function tellPage(receiver: ReceiverState, page: readonly StoredEvent[]): Promise<boolean> {
    let state: ReceiverProgress = receiver;
    let heldAt = clock.now();
    for (const stored of page) {
      if (closing) return false;
      if (clock.now() - heldAt > LEASE / 3) {
        if (!(await hold(receiver))) return false;
        heldAt = clock.now();
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
    if (next.notTaken >= ASKED) {
      // The others behind it must not wait for what will never be taken.
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
