import { fromInstant, toInstant } from '../../core/instant.ts';
import type { Invitation } from '../ports/accounts.ts';
import type { OrgName } from '../ports/issuer-name.ts';
import type { Needs } from '../ports/stores.ts';

/** So long somebody must have been an administrator to count as one of two, and counts as one of whom two speak. */
const SETTLED = 7 * 24 * 3_600_000;

type Judges = Needs<'people' | 'installationAdministrators' | 'administratorTimes'>;

/**
 * Whether two must agree to a person's recovery: whoever has their passkeys has all that an administrator may. One who was an
 * administrator a week ago counts still, so that nobody makes less of somebody to do it alone.
 */
export async function needsTwo(
  operator: string,
  now: number,
  { people, installationAdministrators, administratorTimes }: Judges,
): Promise<boolean> {
  if (await installationAdministrators.is(operator)) return true;
  if ((await people.memberships(operator)).some(({ role }) => role === 'administrator')) return true;
  return administratorTimes.wasOneAfter(operator, toInstant(now - SETTLED));
}

/**
 * Whether somebody counts as one of the two: an administrator for a week, or for longer than the person concerned. Otherwise one
 * person could make the second one.
 */
export async function countsAsOne(
  who: string,
  of: { readonly org: OrgName | null; readonly person: string | null },
  now: number,
  { administratorTimes }: Judges,
): Promise<boolean> {
  const since = await administratorTimes.since(who, of.org);
  if (since === undefined || since <= toInstant(now - SETTLED)) return true;
  const theirs = of.person === null ? undefined : await administratorTimes.since(of.person, of.org);
  return theirs !== undefined && fromInstant(since) < fromInstant(theirs);
}

/** Whether an invitation still opens no more than whoever made it has a word over, by what is so now. */
export async function stillStands(invitation: Invitation, now: number, stores: Judges): Promise<boolean> {
  const { kind, org, role, operator, madeBy, waits, approvedBy } = invitation;
  // At the server itself nobody else has to agree.
  if (madeBy === null) return true;
  const { people, installationAdministrators } = stores;
  const maker = await people.person(madeBy);
  // Whoever was let go must not let others in.
  if (maker === undefined || maker.revokedAt !== null) return false;
  if (kind === 'device') return true;
  const isAgreed = waits || approvedBy !== null;
  const ofInstallation = await installationAdministrators.is(madeBy);
  if (org === null) return ofInstallation && isAgreed;
  const administrators = await people.administrators(org);
  // Who answers for the installation is nothing in an organisation: they invite its first administrator, or with that one's word.
  if (!administrators.includes(madeBy))
    return ofInstallation && role === 'administrator' && (isAgreed || administrators.length === 0);
  if (kind !== 'recovery' || operator === null) return true;
  if (await installationAdministrators.is(operator)) return false;
  const memberships = await people.memberships(operator);
  // In another house by now, or out of this one: its passkeys open what nobody here has a word over.
  if (memberships.length !== 1 || memberships[0]?.org !== org) return false;
  return isAgreed || !(await needsTwo(operator, now, stores));
}
