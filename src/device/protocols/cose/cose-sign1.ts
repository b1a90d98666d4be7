import { decode } from 'cborg';

/** A COSE_Sign1 (RFC 9052 section 4.2), read but not verified. */
export interface CoseSign1 {
  /** The protected header's `alg` (RFC 9053 section 2.1): -7 is ES256. */
  readonly algorithm: number;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

const LARGEST = 4_096;
const ALGORITHM = 1;
const ES256 = -7;
/** COSE_Sign1, and the mark of self-described CBOR (RFC 8949 section 3.4.6): both say nothing further. */
const TAGS = {
  18: (content: () => unknown) => content(),
  55799: (content: () => unknown) => content(),
};

/** The value in these bytes, strictly one; undefined for anything that is not well-formed CBOR of these tags. */
export function readCbor(bytes: Uint8Array): unknown {
  if (bytes.length === 0 || bytes.length > LARGEST) return undefined;
  try {
    return decode(bytes, { tags: TAGS, useMaps: true, strict: true, allowIndefinite: false });
  } catch {
    return undefined; // hostile bytes: malformed, too deep, an unknown tag
  }
}

/** Reads ES256 only, with its payload inside; undefined for anything else. */
export function parseCoseSign1(bytes: Uint8Array): CoseSign1 | undefined {
  const whole = readCbor(bytes);
  if (!Array.isArray(whole) || whole.length !== 4) return undefined;
  const [header, , payload, signature]: readonly unknown[] = whole;
  if (!(header instanceof Uint8Array) || !(payload instanceof Uint8Array)) return undefined;
  if (!(signature instanceof Uint8Array) || signature.length !== 64) return undefined;
  const fields = readCbor(header);
  const algorithm = fields instanceof Map ? fields.get(ALGORITHM) : undefined;
  return algorithm === ES256 ? { algorithm, payload, signature } : undefined;
}
