import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { AccessFact, AccessNotes } from '../ports/access-notes.ts';
import type { Transact } from '../ports/stores.ts';
import { audit } from './chain.ts';
import { STEPS } from './steps.ts';

const MINUTE = 60_000;
/**
 * Kinds that are kept apart in one minute: event, actor and subject. Persons and codes are few, so only a flood reaches it; the
 * rest is counted together.
 */
export const MOST_KINDS = 200;
const OTHERS = { actor: 'many', subject: 'more than are kept apart' } as const;

interface Counted {
  readonly fact: AccessFact;
  /** How often it happened after the first time. */
  more: number;
}

/**
 * Two entries of one kind a minute at most: the first, and how many followed. The counts are in memory, so a crash loses those
 * of the last minute or two, and never a first one.
 */
export function accessTrail({
  transact,
  clock,
}: {
  readonly transact: Transact<'audit'>;
  readonly clock: Clock;
}): AccessNotes {
  let minute = Number.NaN;
  let kinds = new Map<string, Counted>();
  let over: { readonly from: number; readonly counted: readonly Counted[] }[] = [];

  /** Puts a minute aside that is over. A clock that was set back begins another one too. */
  function turn(isEnd: boolean): void {
    const now = Math.floor(clock.now() / MINUTE);
    if (now === minute && !isEnd) return;
    const counted = [...kinds.values()].filter(({ more }) => more > 0);
    if (counted.length > 0) over.push({ from: minute * MINUTE, counted });
    minute = now;
    kinds = new Map();
  }

  return {
    async note(given) {
      turn(false);
      const isMany = kinds.size >= MOST_KINDS && !kinds.has(nameOf(given));
      const fact = isMany ? { ...given, ...OTHERS, org: null } : given;
      const known = kinds.get(nameOf(fact));
      if (known !== undefined) {
        known.more++;
        return;
      }
      // It is known before it is written: whoever comes while it is being written is counted.
      kinds.set(nameOf(fact), { fact, more: 0 });
      const at = toInstant(clock.now());
      await transact((tx) => audit(tx.audit, { ...fact, at, step: STEPS.access }));
    },
    async settle(isEnd = false) {
      turn(isEnd);
      const waiting = over;
      over = [];
      if (waiting.length === 0) return;
      const at = toInstant(clock.now());
      try {
        await transact(async (tx) => {
          for (const { from, counted } of waiting)
            for (const { fact, more } of counted)
              await audit(tx.audit, {
                ...fact,
                ...{ at, step: STEPS.access, detail: `${more} more in the minute from ${toInstant(from)}` },
              });
        });
      } catch (error) {
        over = [...waiting, ...over].slice(0, MOST_KINDS);
        throw error;
      }
    },
  };
}

function nameOf({ event, actor, org, subject }: AccessFact): string {
  return JSON.stringify([event, actor, org, subject]);
}
