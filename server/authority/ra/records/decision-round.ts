import type { StoredRecord } from '../../../ports/records.ts';
import { takeGroup, turnOf } from './take-group.ts';

/** What is decided next: records side by side, and records that resume what an earlier run began, one by one. */
interface NextRecords {
  readonly group: readonly StoredRecord[];
  readonly alone: readonly StoredRecord[];
}

/** What one run over the queue has tried so far, and what it tries next. */
interface DecisionRound {
  /** How many undecided records this run passes over: as many more have to be read. */
  readonly passedOver: number;
  /** Of undecided records, in their order. Undefined if none is left that this run has not tried. */
  next(pending: readonly StoredRecord[]): NextRecords | undefined;
  /** Operator keys of all records that were tried. */
  readonly kids: ReadonlySet<string>;
}

/** A record that cannot be decided now blocks later records of its device or site, and no others. */
export function decisionRound(): DecisionRound {
  const tried = new Set<string>();
  const passedOver = new Set<string>();
  const blocked = new Set<string>();
  const kids = new Set<string>();
  return {
    get passedOver() {
      return passedOver.size;
    },
    kids,
    next(pending) {
      for (const record of pending) {
        const { id } = record;
        const turn = turnOf(record);
        // Tried and still undecided: it failed, or ended half-way. The next run has another look.
        const isBlocked = turn !== undefined && blocked.has(turn);
        if (!tried.has(id) && !isBlocked) continue;
        passedOver.add(id);
        if (turn !== undefined) blocked.add(turn);
      }
      const ready = pending.filter(({ id }) => !passedOver.has(id));
      if (ready.length === 0) return undefined;
      const group = takeGroup(ready, blocked);
      const alone = ready.filter(({ binding }) => binding !== null);
      for (const { id, header } of [...group, ...alone]) {
        tried.add(id);
        kids.add(header.kid);
      }
      return { group, alone };
    },
  };
}
