import type { Session } from '../../../contract/operator.ts';
import type { SignedInPerson } from '../../ports/signed-in-person.ts';

/** A signed-in person as the page sees them. */
export function viewSession(
  { operator, name, memberships, expiresAt, isInstallationAdministrator }: SignedInPerson,
  aud: string,
): Session {
  return {
    ...{ operator, name, aud, memberships: [...memberships], expiresAt },
    ...(isInstallationAdministrator && { installation: true }),
  };
}
