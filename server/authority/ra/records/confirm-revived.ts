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
      const reopened = await reopen(await tx.queue.heldBecause('operator_unconfirmed', name), tx);
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

/**
 * Has the records judged again that named what a copy did not know, after somebody has brought it back. Returns how many.
 */
export async function judgeAgain(by: string, { transact, clock }: ConfirmParts): Promise<number> {
  return transact(async (tx) => {
    const reopened = await reopen(await tx.queue.heldBecause('unknown_since_copy'), tx);
    await audit(tx.audit, {
      at: toInstant(clock.now()),
      step: STEPS.admin,
      event: 'held records are judged again',
      actor: by,
      org: null,
      subject: String(reopened),
    });
    return reopened;
  });
}

async function reopen(ids: readonly string[], { records }: Needs<'records'>): Promise<number> {
  for (const id of ids) await records.reopen(id);
  return ids.length;
}
