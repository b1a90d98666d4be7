import { type Curve, type KeySigner, VaultError } from '../../ports/signer.ts';

const ALGORITHM = { 'P-256': 'ES256', 'P-384': 'ES384' } as const;

/** The key, if it is on the curve that was asked for: a key on another curve was made for something else. Throws VaultError. */
export function onCurve(name: string, curve: Curve, key: KeySigner): KeySigner {
  if (key.algorithm !== ALGORITHM[curve])
    throw new VaultError(
      `the key ${name} is there already and is not on ${curve}, so it was made for something else that has this name`,
    );
  return key;
}
