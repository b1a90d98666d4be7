import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { concat, toBase64Url } from '../../../core/bytes.ts';
import { TpmError, TpmReader } from './tpm-reader.ts';

/** A key of a TPM, described by its public area (TPMT_PUBLIC, TPM 2.0 Part 2 section 12.2.4). */
export interface PublicArea {
  /** The TPM's name for the key: the hash algorithm, and the digest of this public area (Part 1 section 16). */
  readonly name: Uint8Array;
  readonly attributes: ReadonlySet<Attribute>;
  readonly key: KeyObject;
  readonly spki: Uint8Array;
}

/** TPMA_OBJECT (Part 2 section 8.3): the bits that say where a key can exist and what it may do. */
const ATTRIBUTES = {
  /** The key can never leave this TPM. */
  fixedTpm: 1,
  /** The key can never get another parent. */
  fixedParent: 4,
  /** The TPM itself generated the key. */
  sensitiveDataOrigin: 5,
  /** The key signs only what the TPM itself wrote. */
  restricted: 16,
  decrypt: 17,
  sign: 18,
} as const;
export type Attribute = keyof typeof ATTRIBUTES;

export const ALGORITHM = {
  rsa: 0x0001,
  sha256: 0x000b,
  null: 0x0010,
  rsassa: 0x0014,
  rsaes: 0x0015,
  rsapss: 0x0016,
  ecdsa: 0x0018,
  ecdaa: 0x001a,
  ecc: 0x0023,
} as const;

const CURVES: Readonly<Record<number, { readonly crv: string; readonly size: number }>> = {
  3: { crv: 'P-256', size: 32 },
  4: { crv: 'P-384', size: 48 },
};

/** Parses a public area. Throws TpmError. Only SHA-256 names are supported, which every TPM has. */
export function parsePublicArea(bytes: Uint8Array): PublicArea {
  const reader = new TpmReader(bytes);
  const type = reader.u16();
  if (reader.u16() !== ALGORITHM.sha256) throw new TpmError('named by another digest than SHA-256');
  const bits = reader.u32();
  reader.sized(); // authPolicy
  const key = keyOf(type === ALGORITHM.rsa ? readRsa(reader) : type === ALGORITHM.ecc ? readEcc(reader) : {});
  reader.end();
  return {
    name: concat(Uint8Array.of(0, ALGORITHM.sha256), hash('sha256', bytes, 'buffer')),
    attributes: new Set(
      (Object.keys(ATTRIBUTES) as Attribute[]).filter((name) => (bits >>> ATTRIBUTES[name]) & 1),
    ),
    key,
    spki: new Uint8Array(key.export({ type: 'spki', format: 'der' })),
  };
}

function readRsa(reader: TpmReader) {
  passSymmetric(reader);
  passScheme(reader);
  const bits = reader.u16();
  const exponent = reader.u32() || 65537;
  const modulus = reader.sized();
  if (modulus.length * 8 !== bits || (modulus[0] ?? 0) < 0x80) throw new TpmError('modulus of a wrong size');
  const e = Uint8Array.of(exponent >>> 24, exponent >>> 16, exponent >>> 8, exponent);
  return {
    kty: 'RSA',
    n: toBase64Url(modulus),
    e: toBase64Url(e.subarray(e.findIndex((byte) => byte !== 0))),
  };
}

function readEcc(reader: TpmReader) {
  passSymmetric(reader);
  passScheme(reader);
  const curve = CURVES[reader.u16()];
  if (curve === undefined) throw new TpmError('curve not taken here');
  if (reader.u16() !== ALGORITHM.null) reader.u16(); // key derivation
  const [x, y] = [reader.sized(), reader.sized()];
  if (x.length > curve.size || y.length > curve.size) throw new TpmError('a coordinate is too long');
  return { kty: 'EC', crv: curve.crv, x: padded(x, curve.size), y: padded(y, curve.size) };
}

/** Some TPMs leave leading zeros out, but JWK requires them (RFC 7518 section 6.2.1.2). */
function padded(bytes: Uint8Array, size: number): string {
  return toBase64Url(concat(new Uint8Array(size - bytes.length), bytes));
}

/** Skips TPMT_SYM_DEF_OBJECT: key size and mode, unless the algorithm is null. */
function passSymmetric(reader: TpmReader): void {
  if (reader.u16() !== ALGORITHM.null) reader.u32();
}

/** Skips TPMT_RSA_SCHEME or TPMT_ECC_SCHEME: a hash algorithm, and a counter for ECDAA. */
function passScheme(reader: TpmReader): void {
  const scheme = reader.u16();
  if (scheme === ALGORITHM.null || scheme === ALGORITHM.rsaes) return;
  reader.u16();
  if (scheme === ALGORITHM.ecdaa) reader.u16();
}

function keyOf(jwk: { readonly kty?: string }): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new TpmError('no key that can be used here'); // for example a point off its curve
  }
}
