import type { Role } from '../../../contract/operator.ts';
import { ROLES } from '../../../contract/roles.ts';
import { rightWords } from '../words/rights.ts';
import { RoleRights } from './role-rights.tsx';

/** One of the roles, each with what it may do. */
export function RoleChoice(props: {
  readonly label: string;
  readonly value: Role | undefined;
  readonly onChoose: (role: Role) => void;
}) {
  const { label, value, onChoose } = props;
  return (
    <fieldset class="choice plain" aria-label={label}>
      <legend>{label}</legend>
      {ROLES.map((role) => (
        <button
          type="button"
          class="button"
          key={role}
          data-role={role}
          aria-pressed={value === role}
          onClick={() => onChoose(role)}
        >
          {rightWords.roles[role]}
        </button>
      ))}
      {value !== undefined && <RoleRights role={value} />}
    </fieldset>
  );
}
