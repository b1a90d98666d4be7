import { setImmediate } from 'node:timers/promises';
import { type Approval, type DecideParts, decide } from './decide.ts';

export interface DeciderParts extends DecideParts {
  /** Told of what went wrong inside, without the record's content. */
  readonly onFault: (error: unknown) => void;
}

export interface Decider {
  /** Decides everything undecided, in order; of one device strictly in order. Resolves when done. */
  run(): Promise<void>;
  /** Resolves when what was asked for so far is done. */
  idle(): Promise<void>;
  /** A person's word for a held record, in the same queue. */
  approve(record: string, approval: Approval): Promise<void>;
}

const PAGE = 200;

/** One decision at a time in this process; other processes are kept apart by the store's transactions. */
export function decider(parts: DeciderParts): Decider {
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
      parts.onFault(error);
    }
  }

  async function runAll(): Promise<void> {
    // A record that cannot be decided now blocks later ones of its device, and no other.
    const failed = new Set<string>();
    const blocked = new Set<string>();
    const kids = new Set<string>();
    for (;;) {
      const pending = await parts.stores.records.pending(PAGE + failed.size);
      const ready = pending.filter(({ id }) => !failed.has(id));
      if (ready.length === 0) break;
      for (const { id, udid, header } of ready) {
        kids.add(header.kid);
        if (udid !== '' && blocked.has(udid)) {
          failed.add(id);
          continue;
        }
        await attempt(id);
        // Still open: it failed, or ended half-way; the next run has another look.
        if ((await parts.stores.records.record(id))?.outcome === null) {
          failed.add(id);
          if (udid !== '') blocked.add(udid);
        }
      }
    }
    // What came now may close a chain that shows earlier records to be from before their operator's revocation.
    for (const kid of kids) {
      for (const { id } of await parts.stores.records.heldAsRevoked(kid)) await attempt(id);
    }
  }

  return {
    run: () => queued(runAll),
    idle: () => tail.then(() => undefined),
    approve: (record, approval) => queued(() => decide(record, approval, parts)),
  };
}
