import type { Clock } from '../../../core/clock.ts';
import { type KeyVault, VaultError } from '../../ports/signer.ts';
import type { Needs } from '../../ports/stores.ts';
import { openKey } from './open-key.ts';

/**
 * Throws VaultError unless the vault has the key of every CA that still issues or signs CRLs. A root's key may be
 * elsewhere.
 */
export async function needKeys({
  vault,
  stores,
  clock,
}: {
  readonly vault: KeyVault;
  readonly stores: Needs<'authorities'>;
  readonly clock: Clock;
}): Promise<void> {
  for (const authority of await stores.authorities.authorities()) {
    const { name, root, replaced } = authority;
    if (root === null || (replaced !== null && Date.parse(replaced.until) <= clock.now())) continue;
    if ((await openKey(authority, vault)) === undefined)
      throw new VaultError(
        `the issuing key ${name} is missing: the database is of an installation whose keys are elsewhere. Put them back, or name the token that holds them`,
      );
  }
}
