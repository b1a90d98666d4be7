import type { SignedStructure } from './certificate.ts';
import type { CryptoPort } from './crypto.ts';
import { SIGNATURE_OIDS } from './csr.ts';
import { DerError } from './der.ts';
import { ecdsaToFixed, parseSpki } from './spki.ts';

/**
 * Whether this key signed a certificate or a revocation list. False for keys and algorithms that are not accepted
 * here.
 */
export async function isSignedBy(
  signed: SignedStructure,
  spki: Uint8Array,
  crypto: CryptoPort,
): Promise<boolean> {
  try {
    const key = parseSpki(spki);
    if (!(SIGNATURE_OIDS[signed.algorithm] ?? []).includes(key.type)) return false;
    const fixed = key.type === 'P-256' || key.type === 'P-384';
    const signature = fixed ? ecdsaToFixed(signed.signature, key.bits) : signed.signature;
    return (await crypto.verify(key.algorithm, spki, signature, signed.tbs)) === 'valid';
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}
