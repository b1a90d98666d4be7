import { toInstant } from '../../core/instant.ts';
import type { Needs } from '../ports/stores.ts';
import { type InvitationParts, makeInvitation } from './invitations.ts';
import { hasRealPeople } from './joining.ts';

type SetUpParts = InvitationParts & {
  readonly stores: InvitationParts['stores'] & Needs<'installationAdministrators'>;
};

/**
 * A link for the first administrator, where nobody could sign in: good once, and the only one, so that who saw an older one on a
 * screen has nothing. Undefined as soon as there is anybody.
 */
export async function setUpLink(parts: SetUpParts): Promise<string | undefined> {
  const { stores, transact, clock } = parts;
  if (await hasRealPeople(stores)) return undefined;
  await transact((tx) => tx.invitations.withdrawSetUps(toInstant(clock.now())));
  const nobody = { org: null, role: null, operator: null, madeBy: null };
  const made = { ...nobody, kind: 'set-up', name: '', by: 'the server', waits: false } as const;
  return (await makeInvitation(made, parts)).link;
}
