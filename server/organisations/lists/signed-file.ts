import { createHash, createPublicKey, createVerify, X509Certificate } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { isStrong, parseSpki } from '../../../core/spki.ts';
import type { MakerKey } from '../../ports/maker-keys.ts';

/** Most bytes of a signature: DER of two numbers, or as long as an RSA modulus. */
export const LARGEST_SIGNATURE = 1024;

/** The result of reading a whole file once. */
export interface FileSignature {
  /** SHA-256, base64url. */
  readonly digest: string;
  /** The key that signed it; undefined if none of the keys did, or no signature was given. */
  readonly signer: MakerKey | undefined;
}

/**
 * Reads a whole file for its digest, and verifies a detached signature over its bytes with these keys. The signature
 * is what `openssl dgst -sha256 -sign` makes, ECDSA or RSA PKCS#1 v1.5, so that a maker needs no program of ours.
 */
export async function readThrough(
  file: FileHandle,
  signature: Uint8Array | undefined,
  keys: readonly MakerKey[],
): Promise<FileSignature> {
  const digest = createHash('sha256');
  const open = signature === undefined ? [] : keys.map((key) => ({ key, check: createVerify('sha256') }));
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>) {
    digest.update(chunk);
    for (const { check } of open) check.update(chunk);
  }
  const signer = open.find(({ key, check }) => {
    const spki = createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' });
    return check.verify(spki, signature ?? new Uint8Array());
  });
  return { digest: digest.digest('base64url'), signer: signer?.key };
}

/** The key of a maker in PEM: a public key, or a certificate with it. Undefined unless it is ECDSA or RSA, and strong. */
export function readMakerKey(pem: string): Uint8Array | undefined {
  try {
    const key = pem.includes('-----BEGIN CERTIFICATE')
      ? new X509Certificate(pem).publicKey
      : createPublicKey(pem);
    const spki = new Uint8Array(key.export({ type: 'spki', format: 'der' }));
    const info = parseSpki(spki);
    // Ed25519 cannot sign a digest of a file, so OpenSSL's command does not support it.
    return isStrong(info) && info.type !== 'Ed25519' && !pem.includes('PRIVATE KEY') ? spki : undefined;
  } catch {
    return undefined;
  }
}
