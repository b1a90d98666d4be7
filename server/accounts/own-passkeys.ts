import type { OwnPasskey } from '../../contract/account.ts';
import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { SignedInPerson } from '../ports/signed-in-person.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';

const MOST = 32;

export async function ownPasskeys(
  { operator }: SignedInPerson,
  { stores }: { readonly stores: Needs<'passkeys'> },
): Promise<OwnPasskey[]> {
  return (await stores.passkeys.ofOperator(operator)).slice(0, MOST).map((one) => ({
    ...{ id: one.id, label: one.label, madeAt: one.madeAt, backedUp: one.backedUp },
    ...(one.usedAt === null ? {} : { usedAt: one.usedAt }),
  }));
}

/** Ends a passkey of one's own, with the sessions that it began. The last one stays: whoever has none can sign in nowhere. */
export function endOwnPasskey(
  id: string,
  { operator }: SignedInPerson,
  {
    transact,
    clock,
  }: {
    readonly transact: Transact<'passkeys' | 'sessions' | 'invitations' | 'audit'>;
    readonly clock: Clock;
  },
): Promise<'not_found' | 'conflict' | undefined> {
  const at = toInstant(clock.now());
  return transact(async (tx) => {
    const own = await tx.passkeys.ofOperator(operator);
    if (!own.some((one) => one.id === id)) return 'not_found';
    if (own.length === 1) return 'conflict';
    await tx.passkeys.end(id, at, 'by its person');
    // It may be on a phone that is lost: what was begun with it ends too, and links that may have been made there.
    await tx.sessions.removeBegunWith(id);
    await tx.invitations.withdrawOf(operator, ['device'], at);
    await audit(tx.audit, {
      ...{ at, step: STEPS.admin, event: 'passkey ended', actor: operator, org: null, subject: operator },
    });
    return undefined;
  });
}

/** There is a copy of a person's passkey, which has ended: nobody knows who is signed in with it, so nobody stays. */
export async function endAfterCopy(
  operator: string,
  {
    transact,
    clock,
    notifier,
  }: {
    readonly transact: Transact<
      | 'people'
      | 'sessions'
      | 'invitations'
      | 'installationAdministrators'
      | 'notices'
      | 'noticeWishes'
      | 'pushedBrowsers'
      | 'audit'
    >;
    readonly clock: Clock;
    readonly notifier: Pick<Notifier, 'alarm'>;
  },
): Promise<void> {
  const at = toInstant(clock.now());
  await transact(async (tx) => {
    const ended = await tx.sessions.removeOf(operator);
    await tx.invitations.withdrawOf(operator, ['device'], at);
    await audit(tx.audit, {
      ...{
        at,
        step: STEPS.admin,
        event: 'passkey cloned',
        actor: 'the server',
        org: null,
        subject: operator,
      },
      detail: `${ended} sessions ended`,
    });
    for (const { org } of await tx.people.memberships(operator))
      await notifier.alarm({ org, about: `a copied passkey of ${operator}, ${at}` }, tx);
  });
}
