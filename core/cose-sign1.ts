import { decode } from 'cborg';
import { concat, utf8 } from './bytes.ts';
import type { CryptoPort } from './crypto.ts';

/** A COSE_Sign1 (RFC 9052 section 4.2), read but not verified. */
export interface CoseSign1 {
  /** The protected header's `alg` (RFC 9053 section 2.1): -7 is ES256. */
  readonly algorithm: number;
  /** That header as it was sent: what the signature is over too. */
  readonly header: Uint8Array;
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
  return algorithm === ES256 ? { algorithm, header, payload, signature } : undefined;
}

/** Whether it is signed by this key, with nothing outside it signed along (RFC 9052 section 4.4, Sig_structure). */
export async function verifyCoseSign1(
  { header, payload, signature }: CoseSign1,
  spki: Uint8Array,
  crypto: Pick<CryptoPort, 'verify'>,
): Promise<boolean> {
  const context = 'Signature1';
  const signed = concat(
    Uint8Array.of(0x84, 0x60 + context.length),
    utf8(context),
    byteString(header),
    byteString(new Uint8Array(0)),
    byteString(payload),
  );
  return (await crypto.verify('ES256', spki, signature, signed)) === 'valid';
}

/** A byte string of fewer than 65,536 bytes, its length in the shortest form (RFC 8949 section 4.2.1). */
function byteString(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length < 24) return concat(Uint8Array.of(0x40 | length), bytes);
  if (length < 256) return concat(Uint8Array.of(0x58, length), bytes);
  return concat(Uint8Array.of(0x59, length >> 8, length & 255), bytes);
}
