import { equalBytes } from '../../../core/bytes.ts';
import { keyOfCertificate } from '../../../core/certificate-key.ts';
import type { Authority } from '../../ports/authorities.ts';
import { type KeySigner, type KeyVault, VaultError } from '../../ports/signer.ts';

/** A CA's key; undefined if the vault does not have it. Throws VaultError if another key has its name. */
export async function openKey(
  { name, anchor }: Pick<Authority, 'name' | 'anchor'>,
  vault: KeyVault,
): Promise<KeySigner | undefined> {
  const key = await vault.open(name);
  if (key !== undefined && !equalBytes(key.spki, keyOfCertificate(anchor)))
    throw new VaultError(`the key ${name} is not the one that the certificate of ${name} was made for`);
  return key;
}
