import type { Membership } from '../../contract/operator.ts';

/** A signed-in person, as faces see them. */
export interface SignedInPerson {
  readonly operator: string;
  readonly name: string;
  readonly memberships: readonly Membership[];
  readonly expiresAt: string;
  /** When this person signed in. */
  readonly begunAt: string;
  /** SHA-256 of the token, which names the session in the database. */
  readonly hash: string;
  /** The database was put back to a copy, and nobody has confirmed this person since. */
  readonly unconfirmed: boolean;
  /** A demo person, who has nothing to sign in again with. */
  readonly isDemo: boolean;
  /** Whether this person answers for the whole installation. */
  readonly isInstallationAdministrator: boolean;
}
