import { hasRight, type Right } from '../../contract/entitlements.ts';
import type { Membership } from '../../contract/operator.ts';

/**
 * Organisations in which a person has this right, real ones first. The one question that every screen asks before it shows what
 * only some may do; the backend answers by the same table.
 */
export function orgsWith(memberships: readonly Membership[], right: Right): readonly Membership[] {
  return memberships
    .filter(({ role }) => hasRight(role, right))
    .sort((a, b) => Number(a.training) - Number(b.training));
}
