import { DerReader, enterDer, oidText, TAG } from '../../../core/der.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
/** RFC 7030 section 4.2.3 demands one certificate; some servers add those of the CA. */
const MOST = 8;

/**
 * The certificates of a "certs-only" answer (RFC 5272 section 4.1). Throws DerError; BER's indefinite lengths are not
 * supported.
 */
export function readCertsOnly(der: Uint8Array): Uint8Array[] {
  const outer = enterDer(der, TAG.sequence);
  if (oidText(outer.next(TAG.oid).content) !== SIGNED_DATA) return [];
  const data = outer.enter(0xa0).enter(TAG.sequence);
  data.next(TAG.integer);
  data.next(TAG.set);
  data.next(TAG.sequence);
  const certificates = new DerReader(data.optional(0xa0)?.content ?? new Uint8Array());
  const found: Uint8Array[] = [];
  while (!certificates.done && found.length < MOST) found.push(certificates.next(TAG.sequence).whole.slice());
  return found;
}
