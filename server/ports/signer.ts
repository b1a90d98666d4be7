/** What whoever runs this must put right about keys. Its message is a sentence, and carries nothing of a key or a PIN. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
}

/**
 * A private key of this installation, wherever it lives: a file, or a token by PKCS#11. It is a CA's, the statement key or
 * an OCSP responder's. It signs what it is given and never shows itself.
 */
export interface KeySigner {
  readonly algorithm: 'ES256' | 'ES384';
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** ECDSA signature, DER (RFC 3279 section 2.2.3). */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** Where CA and statement keys are kept. Names are ours (`root`, an organisation, `statement-…`), never from a request. */
export interface KeyVault {
  /** The key called `name`, made first if there is none. */
  ensure(name: string, curve: 'P-256' | 'P-384'): Promise<KeySigner>;
  /** The key called `name`; undefined if there is none. */
  open(name: string): Promise<KeySigner | undefined>;
}
