import type { Bytes } from '../../../../core/bytes.ts';

/** The cryptography that protocomm's securities need, handed in: this folder runs where no WebCrypto is declared. */
export interface ProtocommCrypto {
  random(length: number): Bytes;
  sha256(data: Uint8Array): Promise<Bytes>;
  sha512(data: Uint8Array): Promise<Bytes>;
  /** A new key pair for one session. @throws DeviceError `unsupported_here` where the runtime lacks X25519 */
  x25519(): Promise<AgreementKey>;
  /** AES-256 in counter mode from this counter block on. */
  aesCtr(key: Uint8Array, counter: Uint8Array): Promise<KeyStream>;
  aesGcm(key: Uint8Array): Promise<SealingKey>;
  /** Whether a device's signature over `data` verifies. ECDSA comes as DER, RSA as PSS with a salt of 32 bytes. */
  verify(
    kind: 'ecdsa-p256' | 'rsa-pss',
    spki: Uint8Array,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<boolean>;
}

export interface AgreementKey {
  readonly publicKey: Bytes;
  /** Undefined if the other key is none, or makes the secret zero (RFC 7748 section 6.1). */
  agree(otherPublicKey: Uint8Array): Promise<Bytes | undefined>;
}

/** One continuous key stream: each call goes on at the byte where the last one stopped, not at the next block. */
export interface KeyStream {
  next(data: Uint8Array): Promise<Bytes>;
}

export interface SealingKey {
  /** Ciphertext with its tag of 16 bytes behind it. */
  seal(nonce: Uint8Array, plain: Uint8Array): Promise<Bytes>;
  /** Undefined if the tag is wrong. */
  open(nonce: Uint8Array, sealed: Uint8Array): Promise<Bytes | undefined>;
}
