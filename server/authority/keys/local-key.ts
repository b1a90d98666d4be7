import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { type KeySigner, VaultError } from '../../ports/signer.ts';

/** Private keys in this process's own memory, as PKCS#8 text and as signers. Key material leaves only encrypted. */

export function isOpenKey(text: string): boolean {
  return /-----BEGIN (?:EC )?PRIVATE KEY-----/.test(text);
}

/** PKCS#8, PEM: encrypted (PBES2, AES-256-CBC; RFC 8018) where a passphrase is given. */
export function keyPem(key: KeyObject, passphrase: string | undefined): string {
  const plain = { type: 'pkcs8', format: 'pem' } as const;
  return key
    .export(passphrase === undefined ? plain : { ...plain, cipher: 'aes-256-cbc', passphrase })
    .toString();
}

/** `variable`: the variable that has the passphrase, to be named in the message. Throws VaultError. */
export function openPem(text: string | Buffer, passphrase: string | undefined, variable: string): KeyObject {
  try {
    return createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // OpenSSL's message about a wrong passphrase helps nobody, and must not reveal anything about the key.
    throw new VaultError(
      `a key file cannot be opened${passphrase === undefined ? ` (is ${variable} missing?)` : ` with ${variable}`}`,
    );
  }
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
