import { type Bytes, fromHex } from '../../../core/bytes.ts';
import { fromInstant } from '../../../core/instant.ts';
import { type CrlOrder, REASON } from '../../ports/certificate-authority.ts';
import type { KeySigner } from '../../ports/signer.ts';
import { algorithmIdentifier, signed } from '../../x509/certificate.ts';
import { sequence, smallInteger, time, tlv, unsigned } from '../../x509/der-writer.ts';
import { authorityKeyIdentifier, crlNumber, reasonCode } from '../../x509/extensions.ts';
import type { CaNames } from './issuing-certificates.ts';

/** CertificateList, version 2 (RFC 5280 section 5.1), complete for its issuer. */
export async function certificateList(
  order: CrlOrder,
  { subject, keyId }: CaNames,
  signer: KeySigner,
): Promise<Bytes> {
  const thisUpdate = fromInstant(order.thisUpdate);
  const entries = order.entries.map(({ serial, at, reason }) => {
    const code = REASON[reason];
    // The reason "unspecified" is expressed by leaving the extension out (section 5.3.1).
    const extensions = code === 0 ? [] : [sequence(reasonCode(code))];
    // `thisUpdate` is dated back, and a list cannot tell of what comes after it.
    const revoked = time(Math.min(fromInstant(at), thisUpdate));
    return sequence(unsigned(fromHex(serial) ?? new Uint8Array()), revoked, ...extensions);
  });
  const tbs = sequence(
    smallInteger(1),
    algorithmIdentifier(signer.algorithm),
    subject,
    time(thisUpdate),
    time(fromInstant(order.nextUpdate)),
    // An empty list must be absent (section 5.1.2.6).
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    tlv(0xa0, sequence(authorityKeyIdentifier(signer.spki, keyId), crlNumber(order.number))),
  );
  return signed(tbs, signer);
}
