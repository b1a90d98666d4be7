import { MOST_SESSIONS, type OwnSession } from '../../contract/own-session.ts';
import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { SignedInPerson } from '../ports/signed-in-person.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';
import { begunOf, hasEnded } from './sign-in.ts';

interface SessionParts {
  readonly stores: Needs<'sessions'>;
  readonly clock: Clock;
}

/** The sessions of whoever asks, the one used last first. */
export async function ownSessions(
  { operator, hash }: SignedInPerson,
  { stores, clock }: SessionParts,
): Promise<OwnSession[]> {
  const live = (await stores.sessions.ofOperator(operator)).filter((one) => !hasEnded(one, clock.now()));
  return live
    .map((one) => {
      const begunAt = begunOf(one);
      const seenAt = one.seenAt ?? begunAt;
      const own = one.hash === hash;
      const label = one.label === null ? {} : { label: one.label };
      return { id: one.hash, begunAt, seenAt, expiresAt: one.expiresAt, own, ...label };
    })
    .sort((one, other) => (one.seenAt < other.seenAt ? 1 : -1))
    .slice(0, MOST_SESSIONS);
}

/** Ends one session of whoever asks; false if it is none of theirs. */
export async function endOwnSession(
  id: string,
  { operator }: SignedInPerson,
  { stores }: SessionParts,
): Promise<boolean> {
  if ((await stores.sessions.find(id))?.operator !== operator) return false;
  await stores.sessions.remove(id);
  return true;
}

/** What ending a person's sessions needs; `org`: the person must be a member of it, if it is given. */
export interface SessionsToEnd {
  readonly operator: string;
  readonly org: string | null;
  readonly by: string;
  readonly because: string;
}

/** Ends all sessions of a person, who may sign in again; keys and records stay. Undefined if there is no such person. */
export async function endSessionsOf(
  { operator, org, by, because }: SessionsToEnd,
  { transact, clock }: { transact: Transact<'people' | 'sessions' | 'invitations' | 'audit'>; clock: Clock },
): Promise<number | undefined> {
  return transact(async (tx) => {
    if ((await tx.people.person(operator)) === undefined) return undefined;
    const memberships = await tx.people.memberships(operator);
    if (org !== null && memberships.every((one) => one.org !== org)) return undefined;
    const ended = await tx.sessions.removeOf(operator);
    // A link that one of them made would begin another.
    await tx.invitations.withdrawOf(operator, ['device'], toInstant(clock.now()));
    await audit(tx.audit, {
      at: toInstant(clock.now()),
      step: STEPS.admin,
      event: 'sessions ended',
      actor: by,
      org,
      subject: operator,
      detail: `${ended} sessions; because: ${because}`,
    });
    return ended;
  });
}
