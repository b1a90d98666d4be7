import type { Bytes } from './bytes.ts';
import { enterDer, TAG } from './der.ts';

/** SubjectPublicKeyInfo of a certificate (RFC 5280 section 4.1), DER. Reads no further than that. @throws DerError */
export function keyOfCertificate(certificate: Uint8Array): Bytes {
  const tbs = enterDer(certificate, TAG.sequence).enter(TAG.sequence);
  tbs.optional(0xa0);
  tbs.next(TAG.integer);
  for (let skipped = 0; skipped < 4; skipped++) tbs.next(TAG.sequence);
  return tbs.next(TAG.sequence).whole.slice() as Bytes;
}
