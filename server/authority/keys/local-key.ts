import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign } from 'node:crypto';
import { type KeyAgreement, type KeySigner, VaultError } from '../../ports/signer.ts';

/** Private keys in this process's own memory, as PKCS#8 text and as signers. Key material leaves only encrypted. */

export function isOpenKey(text: string): boolean {
  return /-----BEGIN (?:EC )?PRIVATE KEY-----/.test(text);
}

/** PKCS#8, PEM, not encrypted. */
export function openKeyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** `variable`: the variable that has the passphrase, to be named in the message. Throws VaultError. */
export function openPem(text: string | Buffer, passphrase: string | undefined, variable: string): KeyObject {
  try {
    return createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // OpenSSL's message about a wrong passphrase helps nobody, and must not reveal anything about the key.
    throw passphrase === undefined
      ? new VaultError(`a key file cannot be opened (is ${variable} missing?)`)
      : notOpened(variable);
  }
}

export function notOpened(variable: string): VaultError {
  return new VaultError(`a key file cannot be opened with ${variable}`);
}

export function signerOf(key: KeyObject): KeySigner {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve !== 'prime256v1' && curve !== 'secp384r1')
    throw new VaultError('a key file holds no P-256 or P-384 key');
  const algorithm = curve === 'prime256v1' ? 'ES256' : 'ES384';
  const hash = algorithm === 'ES256' ? 'sha256' : 'sha384';
  const spki = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  return {
    algorithm,
    spki,
    async sign(data) {
      const der = sign(hash, data, key);
      return new Uint8Array(der.buffer, der.byteOffset, der.length);
    },
  };
}

export function agreementOf(key: KeyObject): KeyAgreement {
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new VaultError('a key file holds no P-256 key');
  return {
    spki: new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' })),
    agree(other) {
      const publicKey = createPublicKey({ key: Buffer.from(other), format: 'der', type: 'spki' });
      return new Uint8Array(diffieHellman({ privateKey: key, publicKey }));
    },
  };
}
