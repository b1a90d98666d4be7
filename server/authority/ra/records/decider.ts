import { setImmediate } from 'node:timers/promises';
import { SignatureDelayed } from '../../../ports/certificate-authority.ts';
import type { RecordOrId, StoredRecord } from '../../../ports/records.ts';
import { Unavailable } from '../../../ports/unavailable.ts';
import { type Approval, decide } from './decide.ts';
import { decideGroup, type GroupParts } from './decide-group.ts';
import { decisionRound } from './decision-round.ts';

export interface Decider {
  /** Decides everything undecided, in order; of one device strictly in order. Resolves when done. */
  run(): Promise<void>;
  /** The same for these records, and what is undecided of their devices: what this process has just received. */
  take(records: readonly RecordOrId[]): Promise<void>;
  /** Resolves when what was asked for so far is done. */
  idle(): Promise<void>;
  /** A person's word for a held record, in the same queue. */
  approve(record: string, approval: Approval): Promise<void>;
}

const PAGE = 256;

/** Received records that are kept in memory until their turn; others are read again. */
const AT_HAND = 1024;

/**
 * One group of decisions at a time in this process: records of different devices share their transactions, those of one
 * device follow each other. Other processes take what they received themselves, so that two seldom meet over one
 * record; where they do, it is left to who has it.
 */
export function decider(parts: GroupParts): Decider {
  let tail: Promise<unknown> = Promise.resolve();
  function queued<T>(work: () => Promise<T>): Promise<T> {
    const mine = tail.then(work);
    tail = mine.catch(() => undefined);
    return mine;
  }

  async function attempt(id: string): Promise<void> {
    // The embedded database answers without leaving the thread, so a long queue would let nothing else have its turn.
    await setImmediate();
    try {
      await decide(id, undefined, parts);
    } catch (error) {
      // Each of the others would say the same.
      if (error instanceof Unavailable && error.isForAll) throw error;
      if (!(error instanceof SignatureDelayed)) parts.onFault(error);
    }
  }

  async function attemptAll(group: readonly StoredRecord[]): Promise<void> {
    let alone: readonly string[];
    try {
      alone = await decideGroup(group, parts);
    } catch (error) {
      if (error instanceof Unavailable && error.isForAll) throw error;
      // One of them spoils it for all, so that each shows its own fault or comes to its own outcome.
      alone = group.map(({ id }) => id);
    }
    for (const id of alone) await attempt(id);
  }

  let received: RecordOrId[] = [];
  let taking: Promise<void> | undefined;
  /** What came while others are decided is decided together. */
  function takeReceived(): Promise<void> {
    const named = received;
    received = [];
    taking = undefined;
    return runAll((limit) => parts.stores.queue.pendingOf(named, limit));
  }

  /** `read` gives undecided records in order. */
  async function runAll(read: (limit: number) => Promise<StoredRecord[]>): Promise<void> {
    const round = decisionRound();
    for (;;) {
      const next = round.next(await read(PAGE + round.passedOver));
      if (next === undefined) break;
      for (const { id } of next.alone) await attempt(id);
      if (next.group.length > 0) await attemptAll(next.group);
    }
    // What came now may close a chain that shows earlier records to be from before their operator's revocation.
    for (const kid of round.kids) {
      for (const { id } of await parts.stores.queue.heldAsRevoked(kid)) await attempt(id);
    }
  }

  return {
    run: () => queued(() => runAll((limit) => parts.stores.queue.pending(limit))),
    take(records) {
      for (const one of records)
        received.push(typeof one === 'string' || received.length < AT_HAND ? one : one.id);
      taking ??= queued(takeReceived);
      return taking;
    },
    idle: () => tail.then(() => undefined),
    approve: (record, approval) =>
      queued(() => decide(record, approval, parts)).catch((error: unknown) => {
        // Their word is kept with the intent; the certificate follows.
        if (!(error instanceof SignatureDelayed)) throw error;
      }),
  };
}
