import type { Bytes } from '../../../core/bytes.ts';
import { oid, sequence, smallInteger, tlv } from '../../x509/der-writer.ts';

const SIGNED_DATA = oid('1.2.840.113549.1.7.2');
const DATA = oid('1.2.840.113549.1.7.1');
/** An empty SET. */
const NONE = tlv(0x31);

/** "certs-only": CMS SignedData without content and signers (RFC 5272 section 4.1, RFC 5652 section 5.1). */
export function certsOnly(certificates: readonly Uint8Array[]): Bytes {
  const signedData = sequence(smallInteger(1), NONE, sequence(DATA), tlv(0xa0, ...certificates), NONE);
  return sequence(SIGNED_DATA, tlv(0xa0, signedData));
}
