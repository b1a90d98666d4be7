import { expect, test } from 'vitest';
import { hasRight, RIGHTS } from '../../contract/entitlements.ts';
import type { Membership } from '../../contract/operator.ts';
import { ROLES } from '../../contract/roles.ts';
import { orgsWith } from '../../src/ui/may.ts';

const as = (role: Membership['role'], training = false): Membership => ({
  ...{ org: `${role}-${training}`, title: role, role, training },
});

test('a person has a right in the organisations where their role gives it, real ones first', () => {
  const all = ROLES.flatMap((role) => [as(role, true), as(role)]);
  for (const right of RIGHTS) {
    const found = orgsWith(all, right);
    expect(found.map(({ org }) => org).sort()).toEqual(
      all
        .filter(({ role }) => hasRight(role, right))
        .map(({ org }) => org)
        .sort(),
    );
    const firstPractice = found.findIndex(({ training }) => training);
    expect(
      found.slice(firstPractice === -1 ? found.length : firstPractice).every((one) => one.training),
    ).toBe(true);
  }
  expect(orgsWith([as('installer')], 'manage_people')).toEqual([]);
  expect(orgsWith([as('administrator')], 'manage_people')).toHaveLength(1);
});
