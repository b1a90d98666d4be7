import type { SignatureAlgorithm } from './crypto.ts';
import { bitStringBytes, DerError, enterDer, oidText, TAG, unsignedInteger } from './der.ts';

/** A device's public key as its SubjectPublicKeyInfo says (RFC 5280 section 4.1.2.7). */
export interface PublicKeyInfo {
  readonly algorithm: SignatureAlgorithm;
  /** P-256, P-384, RSA modulus bits, Ed25519. */
  readonly type: 'P-256' | 'P-384' | 'RSA' | 'Ed25519';
  readonly bits: number;
}

const EC = '1.2.840.10045.2.1';
const RSA = '1.2.840.113549.1.1.1';
const ED25519 = '1.3.101.112';
const CURVES: Record<string, { type: 'P-256' | 'P-384'; algorithm: SignatureAlgorithm; bits: number }> = {
  '1.2.840.10045.3.1.7': { type: 'P-256', algorithm: 'ES256', bits: 256 },
  '1.3.132.0.34': { type: 'P-384', algorithm: 'ES384', bits: 384 },
};

/**
 * Reads the key's kind and size. The point must be uncompressed, so that one key has one DER and so one digest.
 * Throws DerError for anything else; whether the point lies on its curve is the runtime's to say at import.
 */
export function parseSpki(der: Uint8Array): PublicKeyInfo {
  const outer = enterDer(der, TAG.sequence);
  const algorithm = outer.enter(TAG.sequence);
  const key = bitStringBytes(outer.next(TAG.bitString).content);
  outer.end();
  const oid = oidText(algorithm.next(TAG.oid).content);
  if (oid === EC) {
    const curve = CURVES[oidText(algorithm.next(TAG.oid).content)];
    algorithm.end();
    if (curve === undefined) throw new DerError('curve not accepted');
    if (key[0] !== 4 || key.length !== 1 + curve.bits / 4)
      throw new DerError('an uncompressed point was expected');
    return curve;
  }
  if (oid === RSA) {
    algorithm.null();
    algorithm.end();
    const numbers = enterDer(key, TAG.sequence);
    const modulus = unsignedInteger(numbers.next(TAG.integer).content, 1024);
    const exponent = unsignedInteger(numbers.next(TAG.integer).content, 8);
    numbers.end();
    const first = modulus.findIndex((byte) => byte !== 0);
    if (first < 0) throw new DerError('modulus is zero');
    const bits = (modulus.length - first) * 8 - Math.clz32(modulus[first] ?? 0) + 24;
    // A small or even exponent makes signatures forgeable (CA/Browser Forum Baseline Requirements 6.1.6).
    if (bits > 8192 || exponentTooSmall(exponent)) throw new DerError('RSA parameters not accepted');
    return { type: 'RSA', algorithm: 'RS256', bits };
  }
  if (oid === ED25519) {
    algorithm.end();
    if (key.length !== 32) throw new DerError('an Ed25519 key has 32 bytes');
    return { type: 'Ed25519', algorithm: 'EdDSA', bits: 256 };
  }
  throw new DerError('key algorithm not accepted');
}

function exponentTooSmall(exponent: Uint8Array): boolean {
  const low = ((exponent[5] ?? 0) << 16) | ((exponent[6] ?? 0) << 8) | (exponent[7] ?? 0);
  const large = exponent.subarray(0, 5).some((byte) => byte !== 0);
  return ((exponent[7] ?? 0) & 1) === 0 || (!large && low < 65537);
}

/** Whether the key is strong enough to be bound: P-256, P-384, Ed25519, or RSA of at least 2048 bits. */
export function isStrong(key: PublicKeyInfo): boolean {
  return key.type !== 'RSA' || key.bits >= 2048;
}

/**
 * ECDSA signature from DER (SEQUENCE of r and s, RFC 3279 section 2.2.3) to fixed-length r‖s, as WebCrypto wants it.
 * `bits` is the curve's. Throws DerError.
 */
export function ecdsaToFixed(der: Uint8Array, bits: number): Uint8Array {
  const numbers = enterDer(der, TAG.sequence);
  const out = new Uint8Array(bits / 4);
  out.set(unsignedInteger(numbers.next(TAG.integer).content, bits / 8), 0);
  out.set(unsignedInteger(numbers.next(TAG.integer).content, bits / 8), bits / 8);
  numbers.end();
  return out;
}

/**
 * ECDSA signature from fixed-length r‖s to DER, each number in its shortest form. Undefined unless it has `bits / 4`
 * bytes.
 */
export function ecdsaToDer(fixed: Uint8Array, bits: number): Uint8Array | undefined {
  const length = bits / 8;
  if (fixed.length !== 2 * length) return undefined;
  const out = new Uint8Array(2 * length + 8);
  const end = writeInteger(fixed, length, 2 * length, out, writeInteger(fixed, 0, length, out, 2));
  // At most 102 bytes for P-384, so the length has its short form.
  out[0] = TAG.sequence;
  out[1] = end - 2;
  return out.subarray(0, end);
}

/** Writes the number from `start` to `end` of `from` as an INTEGER at `at`, and gives the position after it. */
function writeInteger(from: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  let first = start;
  while (first < end - 1 && from[first] === 0) first++;
  const sign = (from[first] ?? 0) >= 0x80 ? 1 : 0;
  out[at] = TAG.integer;
  out[at + 1] = sign + end - first;
  let to = at + 2 + sign;
  for (let i = first; i < end; i++) out[to++] = from[i] ?? 0;
  return to;
}
