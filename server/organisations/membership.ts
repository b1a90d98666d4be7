import type { Role } from '../../contract/operator.ts';
import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';

export interface MembershipParts {
  readonly transact: Transact<
    'people' | 'orgs' | 'installationAdministrators' | 'administratorTimes' | 'audit'
  >;
  readonly clock: Clock;
}

interface Member {
  readonly operator: string;
  readonly org: string;
  /** Who says so, and why, for the trail. */
  readonly by: string;
  readonly because?: string;
}

/**
 * `last_administrator`: nobody would be left who may say who belongs to the organisation. `installation_administrator`: nobody signs
 * in who belongs nowhere, so whoever answers for the whole installation belongs somewhere.
 */
export type MembershipFault =
  | 'person_unknown'
  | 'person_revoked'
  | 'org_unknown'
  | 'no_member'
  | 'last_administrator'
  | 'installation_administrator';

/** Makes a person a member, or changes what a member is there. It holds from the next call of an open session on. */
export function join(
  { operator, org, role, by, because }: Member & { readonly role: Role },
  { transact, clock }: MembershipParts,
): Promise<MembershipFault | 'done'> {
  return transact(async (tx) => {
    const person = await tx.people.person(operator);
    if (person === undefined) return 'person_unknown';
    if (person.revokedAt !== null) return 'person_revoked';
    if ((await tx.orgs.org(org)) === undefined) return 'org_unknown';
    if (role !== 'administrator' && (await isLast(operator, org, tx))) return 'last_administrator';
    const before = (await tx.people.memberships(operator)).find((one) => one.org === org)?.role;
    await tx.people.saveMembership(operator, org, role);
    const entry = { at: toInstant(clock.now()), step: STEPS.admin, event: 'role given', actor: by, org };
    if (role === 'administrator') await tx.administratorTimes.begun(operator, org, entry.at);
    else if (before === 'administrator') await tx.administratorTimes.ended(operator, org, entry.at);
    const what = before === undefined || before === role ? role : `${role}, before: ${before}`;
    await audit(tx.audit, { ...entry, subject: operator, detail: withReason(what, because) });
    return 'done';
  });
}

/**
 * Ends what a person is in one organisation. An open session has no right there any more from its next call on, since
 * memberships are read at each; what is elsewhere stays.
 */
export function leave(
  { operator, org, by, because }: Member,
  { transact, clock }: MembershipParts,
): Promise<MembershipFault | 'done'> {
  return transact(async (tx) => {
    if ((await tx.people.person(operator)) === undefined) return 'person_unknown';
    const memberships = await tx.people.memberships(operator);
    const role = memberships.find((one) => one.org === org)?.role;
    if (role === undefined) return 'no_member';
    if (await isLast(operator, org, tx)) return 'last_administrator';
    if (memberships.length === 1 && (await tx.installationAdministrators.is(operator)))
      return 'installation_administrator';
    await tx.people.endMembership(operator, org);
    const entry = { at: toInstant(clock.now()), step: STEPS.admin, event: 'role taken', actor: by, org };
    if (role === 'administrator') await tx.administratorTimes.ended(operator, org, entry.at);
    await audit(tx.audit, { ...entry, subject: operator, detail: withReason(role, because) });
    return 'done';
  });
}

const withReason = (what: string, because: string | undefined) =>
  because === undefined ? what : `${what}; because: ${because}`;

async function isLast(operator: string, org: string, { people }: Needs<'people'>): Promise<boolean> {
  const administrators = await people.administrators(org);
  return administrators.length === 1 && administrators[0] === operator;
}
