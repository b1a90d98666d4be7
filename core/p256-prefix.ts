import { type Bytes, fromHex } from './bytes.ts';

/**
 * SubjectPublicKeyInfo of a P-256 key up to its point: SEQUENCE, algorithm, BIT STRING (RFC 5480 section 2). It stands apart
 * from the reader in spki.ts, which the first screen does not load.
 */
export const P256_PREFIX = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') as Bytes;
