import { type Bytes, concat, equalBytes, fromHex, toHex } from '../bytes.ts';

/**
 * Makes the SPKI of an elliptic-curve key uncompressed, the form every CSR and certificate carries (RFC 5480 section 2.2
 * requires uncompressed to be understood, and WebCrypto writes nothing else). DPP labels compress to save modules.
 */
export type PointResult =
  /** `spki`: SubjectPublicKeyInfo, DER, point uncompressed and proved to be on its curve. */
  | { readonly ok: true; readonly spki: Bytes }
  /** `malformed`: not the DER of an EC key. `curve`: an EC key of another curve. `off_curve`: no such point. */
  | { readonly ok: false; readonly code: 'malformed' | 'curve' | 'off_curve' };

interface Curve {
  /** DER of AlgorithmIdentifier {id-ecPublicKey, namedCurve}. */
  readonly algorithm: Bytes;
  readonly octets: number;
  readonly p: bigint;
  readonly b: bigint;
}

/** SEC 2 version 2.0 sections 2.4.2 and 2.5.1; a is -3 and p is 3 modulo 4 in both. */
const CURVES: readonly Curve[] = [
  {
    algorithm: der('301306072a8648ce3d020106082a8648ce3d030107'),
    octets: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  {
    algorithm: der('301006072a8648ce3d020106052b81040022'),
    octets: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
];
const EC_KEY = der('06072a8648ce3d0201');

export function uncompressedSpki(spki: Uint8Array): PointResult {
  // Two TLV headers of one length byte each: every EC key up to P-521's compressed form is that short.
  if (spki.length < 16 || spki.length > 127 || spki[0] !== 0x30 || spki[1] !== spki.length - 2)
    return { ok: false, code: 'malformed' };
  const curve = CURVES.find((c) => equalBytes(spki.subarray(2, 2 + c.algorithm.length), c.algorithm));
  if (curve === undefined) {
    const isEc = equalBytes(spki.subarray(4, 4 + EC_KEY.length), EC_KEY);
    return { ok: false, code: isEc ? 'curve' : 'malformed' };
  }
  const bits = spki.subarray(2 + curve.algorithm.length);
  if (bits[0] !== 0x03 || bits[1] !== bits.length - 2 || bits[2] !== 0)
    return { ok: false, code: 'malformed' };
  const point = pointOf(bits.subarray(3), curve);
  if (point === 'malformed' || point === 'off_curve') return { ok: false, code: point };
  const body = concat(curve.algorithm, Uint8Array.of(0x03, point.length + 1, 0), point);
  return { ok: true, spki: concat(Uint8Array.of(0x30, body.length), body) };
}

/** SEC 1 version 2.0 section 2.3.4: 02 or 03 and x, or 04 and x and y; gives 04, x, y. */
function pointOf(octets: Uint8Array, curve: Curve): Bytes | 'malformed' | 'off_curve' {
  const form = octets[0];
  const compressed = (form === 2 || form === 3) && octets.length === 1 + curve.octets;
  if (!compressed && !(form === 4 && octets.length === 1 + 2 * curve.octets)) return 'malformed';
  const x = integer(octets.subarray(1, 1 + curve.octets));
  const square = modulo(x * x * x - 3n * x + curve.b, curve.p);
  const y = compressed ? rootOf(square, form === 3, curve.p) : integer(octets.subarray(1 + curve.octets));
  if (x >= curve.p || y >= curve.p || modulo(y * y, curve.p) !== square) return 'off_curve';
  return concat(Uint8Array.of(4), bytesOf(x, curve.octets), bytesOf(y, curve.octets));
}

/** A root of `square` with the wanted parity, if it has one; the caller checks by squaring. p is 3 modulo 4. */
function rootOf(square: bigint, odd: boolean, p: bigint): bigint {
  const root = power(square, (p + 1n) / 4n, p);
  return (root & 1n) === (odd ? 1n : 0n) ? root : modulo(-root, p);
}

/** Not in constant time: a label's key is public. */
function power(base: bigint, exponent: bigint, p: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

function modulo(value: bigint, p: bigint): bigint {
  const rest = value % p;
  return rest < 0n ? rest + p : rest;
}

function integer(octets: Uint8Array): bigint {
  return BigInt(`0x${toHex(octets)}`);
}

function bytesOf(value: bigint, octets: number): Bytes {
  return der(value.toString(16).padStart(octets * 2, '0'));
}

function der(hex: string): Bytes {
  return fromHex(hex) ?? new Uint8Array(0);
}
