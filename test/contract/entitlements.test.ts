import { describe, expect, it } from 'vitest';
import type { ApiName } from '../../contract/api.ts';
import { ENTITLEMENTS, type Entitlement, hasRight, RIGHTS } from '../../contract/entitlements.ts';
import { ROLES } from '../../contract/roles.ts';

/**
 * The table said once more, by hand: every other test reads it, so a row that was opened by mistake would pass them all. A change
 * is made twice.
 */
const ALL = 'installer, owner, support, approver, administrator';
const WHO: Record<(typeof RIGHTS)[number], string> = {
  bind: ALL,
  look: ALL,
  practise: ALL,
  end_devices: 'owner, support, approver, administrator',
  give_devices_up: 'owner, support, approver, administrator',
  decide_records: 'support, approver, administrator',
  see_phones: 'support, approver, administrator',
  manage_people: 'administrator',
  manage_installation: 'installation',
};

const rows = Object.entries(ENTITLEMENTS) as [ApiName, Entitlement][];
const namesWhere = (is: (row: Entitlement) => boolean) =>
  rows.flatMap(([name, row]) => (is(row) ? [name] : [])).sort();

describe('the table of entitlements', () => {
  it.each(RIGHTS)('gives %s to whom it should', (right) => {
    const who = [...ROLES, 'installation' as const].filter((standing) => hasRight(standing, right));
    expect(who.join(', ')).toBe(WHO[right]);
  });

  it('lets anybody call these and no others', () => {
    expect(namesWhere(({ to }) => to === 'anybody')).toEqual([
      'acceptInvitation',
      'askToSignIn',
      'passkeySignIn',
      'probe',
      'readInvitation',
      'rescueKey',
      'signIn',
      'signInOptions',
      'statementKeys',
      'takeInvitation',
    ]);
    expect(namesWhere(({ to }) => to === 'open')).toEqual(['verify']);
    expect(namesWhere(({ to }) => to === 'client')).toEqual(['clientAct']);
  });

  it('has four eyes for these', () => {
    expect(namesWhere(({ records }) => records === 'others')).toEqual([
      'approveInvitation',
      'approveRecovery',
      'decideApproval',
      'decideTransfer',
    ]);
  });

  it('gives each operation of a role a right, so that a screen has a sentence for it', () => {
    const isOfRoles = ({ to }: Entitlement) => typeof to !== 'string' || to === 'installation';
    expect(namesWhere((row) => isOfRoles(row) && row.right === undefined)).toEqual([]);
  });
});
