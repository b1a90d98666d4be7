import type { Bytes } from './bytes.ts';

/**
 * What core needs of a cryptographic runtime. WebCrypto answers it in the page, in workers and in Node; the server
 * may hand in node:crypto on its hot path. Keys are DER SubjectPublicKeyInfo, signatures as the algorithm's own
 * standard writes them.
 */
export interface CryptoPort {
  sha256(data: Uint8Array): Promise<Bytes>;
  /** SHA-256 as base64url, the way digests are written everywhere. */
  digest(data: Uint8Array): Promise<string>;
  /**
   * Whether `signature` over `data` verifies under `spki`. A wrong signature and an unusable key are `invalid`;
   * `not_offered` only where this runtime lacks the algorithm. Never throws for hostile input.
   */
  verify(
    algorithm: SignatureAlgorithm,
    spki: Uint8Array,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<Verdict>;
  random(length: number): Bytes;
}

export type Verdict = 'valid' | 'invalid' | 'not_offered';

/** Signature algorithms a device or our own JWS may use. `PS256` has a salt of 32 bytes. ECDSA signatures are fixed-length r‖s (IEEE P1363). */
export type SignatureAlgorithm = 'ES256' | 'ES384' | 'RS256' | 'PS256' | 'EdDSA';

/** Signs with the operator key. `sign` gives r‖s, 64 bytes (RFC 7518 section 3.4). */
export interface Signer {
  readonly kid: string;
  sign(data: Uint8Array): Promise<Bytes>;
}
