import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';

/**
 * Ends a person's access: sessions and keys at once. The chain heads reported so far are fixed, since only the
 * records that they cover are known to have been captured before.
 */
export async function revokeOperator(
  operator: string,
  by: string,
  { urgent, clock }: { urgent: Transact<'people' | 'operatorKeys' | 'sessions' | 'audit'>; clock: Clock },
): Promise<{ found: boolean; keys: number }> {
  const at = toInstant(clock.now());
  return urgent(async (tx) => {
    if ((await tx.people.person(operator)) === undefined) return { found: false, keys: 0 };
    await tx.people.revokePerson(operator, at);
    await tx.sessions.removeOf(operator);
    const keys = await tx.operatorKeys.revokeKeys(operator, at);
    await audit(tx.audit, {
      at,
      step: STEPS.admin,
      event: 'operator revoked',
      actor: by,
      org: null,
      subject: operator,
      detail: `${keys} keys`,
    });
    return { found: true, keys };
  });
}
