import {
  ENTITLEMENTS,
  type Entitlement,
  hasRight,
  RIGHTS,
  type Right,
} from '../../../contract/entitlements.ts';
import type { Role } from '../../../contract/operator.ts';
import { rightWords } from '../words/rights.ts';

/** What people of a role may do: a sentence for each right that the table gives them. */
export function RoleRights({ role }: { readonly role: Role }) {
  return (
    <ul class="bullets" data-rights={role}>
      {RIGHTS.filter((right) => hasRight(role, right)).map((right) => (
        <li key={right} data-right={right}>
          {sentence(right)}
        </li>
      ))}
    </ul>
  );
}

function sentence(right: Right): string {
  const rows = Object.values<Entitlement>(ENTITLEMENTS).filter((row) => row.right === right);
  const but = rows.some(({ records }) => records === 'others') ? rightWords.othersOnly[right] : undefined;
  return `${[rightWords.rights[right], but].filter((part) => part !== undefined).join(', ')}.`;
}
