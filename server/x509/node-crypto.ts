import { constants, createPublicKey, hash, type KeyObject, randomFillSync, verify } from 'node:crypto';
import type { Bytes } from '../../core/bytes.ts';
import type { CryptoPort, SignatureAlgorithm } from '../../core/crypto.ts';
import { P256_PREFIX } from '../../core/p256-prefix.ts';
import { ecdsaToDer } from '../../core/spki.ts';

const HASH: Record<SignatureAlgorithm, string | null> = {
  ES256: 'sha256',
  ES384: 'sha384',
  RS256: 'sha256',
  PS256: 'sha256',
  EdDSA: null,
};
const KEY_TYPE: Record<SignatureAlgorithm, { type: string; curve?: string }> = {
  ES256: { type: 'ec', curve: 'prime256v1' },
  ES384: { type: 'ec', curve: 'secp384r1' },
  RS256: { type: 'rsa' },
  PS256: { type: 'rsa' },
  EdDSA: { type: 'ed25519' },
};

function owned(data: Buffer): Bytes {
  return new Uint8Array(data);
}

export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex');
}

/**
 * Core's crypto over node:crypto. It is synchronous inside, since WebCrypto's thread hop costs more than the
 * arithmetic here. Keys are passed as PEM text and as KeyObject, never in an options object, and ECDSA signatures as
 * DER: measured on Node 24, each other form costs a quarter to a half of a verification more, for the same answer.
 */
export const nodeCrypto: CryptoPort = {
  async sha256(data) {
    return owned(hash('sha256', data, 'buffer'));
  },
  async digest(data) {
    return hash('sha256', data, 'base64url');
  },
  async verify(algorithm, spki, signature, data) {
    try {
      const key = imported(spki);
      return fits(key, spki, algorithm) && isBy(key, algorithm, signature, data) ? 'valid' : 'invalid';
    } catch {
      // Bytes that are no key of this kind (such as a point off its curve) cannot have signed anything.
      return 'invalid';
    }
  },
  random(length) {
    if (length > POOL / 4) return randomFillSync(new Uint8Array(length));
    if (drawn + length > POOL) {
      randomFillSync(pool);
      drawn = 0;
    }
    const out = new Uint8Array(pool.subarray(drawn, drawn + length));
    pool.fill(0, drawn, drawn + length);
    drawn += length;
    return out;
  },
};

/**
 * Random bytes drawn in advance, as Node's own randomUUID does: a separate call for every few bytes costs ten times
 * as much (measured on Node 24).
 */
const POOL = 2048;
const pool = new Uint8Array(POOL);
let drawn = POOL;

function isBy(
  key: KeyObject,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
  data: Uint8Array,
): boolean {
  switch (algorithm) {
    case 'ES256':
    case 'ES384': {
      const der = ecdsaToDer(signature, algorithm === 'ES256' ? 256 : 384);
      return der !== undefined && verify(HASH[algorithm], data, key, der);
    }
    case 'PS256':
      return verify(
        HASH[algorithm],
        data,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
        signature,
      );
    case 'RS256':
    case 'EdDSA':
      return verify(HASH[algorithm], data, key, signature);
  }
}

/** LRU cache of keys: an operator's key signs every record of a phone. */
const recent = new Map<string, KeyObject>();
const RECENT = 512;

function imported(spki: Uint8Array): KeyObject {
  const name = Buffer.from(spki.buffer, spki.byteOffset, spki.length).toString('latin1');
  const key = recent.get(name) ?? createPublicKey(pemOf(spki));
  recent.delete(name);
  recent.set(name, key);
  const oldest = recent.size > RECENT ? recent.keys().next().value : undefined;
  if (oldest !== undefined) recent.delete(oldest);
  return key;
}

/** PEM with the base64 in one line, which OpenSSL reads as well (RFC 7468 section 3, laxtextual). */
function pemOf(spki: Uint8Array): string {
  const text = Buffer.from(spki.buffer, spki.byteOffset, spki.length).toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----\n`;
}

/** Prefix of a P-256 key with an uncompressed point. Asking OpenSSL for the curve costs a third of a verification. */
const P256 = Buffer.from([...P256_PREFIX, 4]);

/** A key of another kind must not verify under this algorithm's name (RFC 8725 section 3.1). */
function fits(key: KeyObject, spki: Uint8Array, algorithm: SignatureAlgorithm): boolean {
  if (P256.equals(spki.subarray(0, P256.length))) return algorithm === 'ES256';
  const { type, curve } = KEY_TYPE[algorithm];
  return (
    key.asymmetricKeyType === type && (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve)
  );
}
