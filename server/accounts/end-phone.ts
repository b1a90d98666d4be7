import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { OrgName } from '../ports/issuer-name.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';

export interface LostPhone {
  readonly kid: string;
  readonly operator: string;
  /** Whose administrator ends it; null where its own person does. */
  readonly org: OrgName | null;
  readonly by: string;
  readonly because: string;
}

/**
 * Ends one phone of a person, who is of the organisation where one is named. What it captured up to the head that it reported
 * last still counts: those records were captured before. The person is told, who may still have it in their hands. False if there
 * is no such phone.
 */
export function endPhone(
  { kid, operator, org, by, because }: LostPhone,
  {
    urgent,
    clock,
    notifier,
  }: {
    readonly urgent: Transact<
      'people' | 'operatorKeys' | 'audit' | 'notices' | 'noticeWishes' | 'pushedBrowsers'
    >;
    readonly clock: Clock;
    readonly notifier: Pick<Notifier, 'tell'>;
  },
): Promise<boolean> {
  const at = toInstant(clock.now());
  return urgent(async (tx) => {
    const memberships = await tx.people.memberships(operator);
    if (org !== null && memberships.every((one) => one.org !== org)) return false;
    if (!(await tx.operatorKeys.revokeKey(kid, operator, at))) return false;
    await audit(tx.audit, {
      ...{ at, step: STEPS.admin, event: 'operator key revoked', actor: by, org, subject: kid },
      detail: because,
    });
    await notifier.tell({ kind: 'phone_lost', operator, org, about: kid }, tx);
    return true;
  });
}
