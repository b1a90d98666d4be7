import type { OpenInvitation, OrgPeople } from '../../contract/account.ts';
import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { Invitation } from '../ports/accounts.ts';
import type { OrgName } from '../ports/issuer-name.ts';
import type { Needs } from '../ports/stores.ts';
import { ownPhones } from './own-phones.ts';
import { hasEnded } from './sign-in.ts';

const MOST_PEOPLE = 2_000;
const MOST_INVITATIONS = 500;

interface PeopleParts {
  readonly stores: Needs<'people' | 'passkeys' | 'sessions' | 'operatorKeys' | 'heads' | 'invitations'>;
  readonly clock: Clock;
}

/** Who works in an organisation, with what they sign in by and on, and who is invited. */
export async function peopleOfOrg(org: OrgName, { stores, clock }: PeopleParts): Promise<OrgPeople> {
  const now = clock.now();
  const members = (await stores.people.membersOf(org)).slice(0, MOST_PEOPLE);
  const people = [];
  for (const { operator, name, role } of members) {
    const sessions = (await stores.sessions.ofOperator(operator)).filter((one) => !hasEnded(one, now));
    const lastSeenAt = sessions
      .map(({ seenAt, begunAt }) => seenAt ?? begunAt ?? '')
      .sort()
      .at(-1);
    const phones = (await ownPhones(operator, { stores })).map(({ enrolledAt: _, ...phone }) => phone);
    people.push({
      ...{ operator, name, role, phones },
      passkeys: (await stores.passkeys.ofOperator(operator)).length,
      sessions: sessions.length,
      ...(lastSeenAt === undefined || lastSeenAt === '' ? {} : { lastSeenAt }),
    });
  }
  const open = await stores.invitations.openOf(org, toInstant(now));
  return { people, invitations: await viewInvitations(open, stores) };
}

export async function viewInvitations(
  open: readonly Invitation[],
  { people }: Needs<'people'>,
): Promise<OpenInvitation[]> {
  const seen = [];
  for (const { id, kind, name, role, madeBy, madeAt, expiresAt, waits } of open.slice(0, MOST_INVITATIONS)) {
    const by = madeBy === null ? undefined : (await people.person(madeBy))?.name;
    seen.push({
      ...{ id, kind, name, madeAt, expiresAt, waits },
      by: by ?? 'the server',
      ...(role === null ? {} : { role }),
    });
  }
  return seen;
}
