/**
 * A fault with keys that whoever runs this installation must put right. Its message is a sentence, and contains
 * nothing of a key or a PIN.
 */
export class VaultError extends Error {
  override readonly name = 'VaultError';
}

/**
 * A private key of this installation, in a file or in a PKCS#11 token. It is a CA's key, the statement key or an OCSP
 * responder's. It signs what it is given, and cannot be read out.
 */
export interface KeySigner {
  readonly algorithm: 'ES256' | 'ES384';
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** ECDSA signature, DER (RFC 3279 section 2.2.3). */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

export type Curve = 'P-256' | 'P-384';

/**
 * Where CA and statement keys are kept. Names are chosen by this server (`root`, an organisation, `statement-…`),
 * never by a request.
 */
export interface KeyVault {
  /** The key called `name`; it is created if it does not exist. Throws VaultError if it is on another curve. */
  ensure(name: string, curve: Curve): Promise<KeySigner>;
  /** The key called `name`; undefined if it does not exist. */
  open(name: string): Promise<KeySigner | undefined>;
}

/**
 * Private keys that TLS and ACME take as text, which no KeySigner gives. They prove nothing about devices. They are files also
 * where the other keys are in a token.
 */
export interface ServerKeys {
  /** The key called `name`, P-256, PKCS#8, PEM, not encrypted; it is created if it does not exist. A secret. */
  ensureText(name: string): string;
  /** The same; undefined if it does not exist. */
  textOf(name: string): string | undefined;
  remove(name: string): void;
}

/** A private key of this installation that agrees on secrets with others and signs nothing: ECDH on P-256. */
export interface KeyAgreement {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** The secret shared with the owner of this public key (SubjectPublicKeyInfo, DER). */
  agree(other: Uint8Array): Uint8Array;
}
