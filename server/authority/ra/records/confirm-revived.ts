import type { Clock } from '../../../../core/clock.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';

export interface ConfirmParts {
  readonly transact: Transact<'eras' | 'queue' | 'records' | 'audit'>;
  readonly clock: Clock;
}

/**
 * Somebody says that these people and machine clients, whom a copy of the database brought back, are still what they were.
 * Their records that were held for that are judged again. Returns the names that needed it.
 */
export async function confirmRevived(
  names: readonly string[],
  by: string,
  { transact, clock }: ConfirmParts,
): Promise<readonly string[]> {
  return transact(async (tx) => {
    const at = toInstant(clock.now());
    const confirmed: string[] = [];
    for (const name of names) {
      if (!(await tx.eras.confirm(name, by, at))) continue;
      confirmed.push(name);
      const reopened = await reopen(name, tx);
      await audit(tx.audit, {
        at,
        step: STEPS.admin,
        event: 'confirmed after a copy was put back',
        actor: by,
        org: null,
        subject: name,
        detail: `${reopened} held records are judged again`,
      });
    }
    return confirmed;
  });
}

async function reopen(author: string, { queue, records }: Needs<'queue' | 'records'>): Promise<number> {
  const held = await queue.heldAsUnconfirmed(author);
  for (const id of held) await records.reopen(id);
  return held.length;
}
