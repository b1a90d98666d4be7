import { createHash } from 'node:crypto';
import type { Bytes } from '../../../core/bytes.ts';
import { TAG } from '../../../core/der.ts';
import { fromInstant } from '../../../core/instant.ts';
import type { EntryReason } from '../../ports/certificate-authority.ts';
import { REASON } from '../../ports/certificate-authority.ts';
import type { KeySigner } from '../../ports/signer.ts';
import { algorithmIdentifier } from '../../x509/certificate.ts';
import { bits, generalizedTime, octets, oid, sequence, tlv, unsigned } from '../../x509/der-writer.ts';
import { publicKeyBits } from '../../x509/extensions.ts';
import { type CertificateId, HASH_OIDS } from './ocsp-request.ts';

const BASIC = oid('1.3.6.1.5.5.7.48.1.1');

export interface SingleStatus {
  readonly id: CertificateId;
  readonly revoked: { readonly at: string; readonly reason: EntryReason } | undefined;
}

/** OCSPResponseStatus values without an answer (RFC 6960 section 4.2.1); these responses are not signed. */
export const OCSP_ERRORS = {
  malformed: refusal(1),
  internal: refusal(2),
  tryLater: refusal(3),
  unauthorized: refusal(6),
} as const;

function refusal(status: number): Bytes {
  return sequence(tlv(0x0a, Uint8Array.of(status)));
}

/** A signed OCSPResponse with its signer's certificate (RFC 6960 section 4.2.1). Times are milliseconds since 1970. */
export async function ocspResponse(
  statuses: readonly SingleStatus[],
  times: { readonly producedAt: number; readonly thisUpdate: number; readonly nextUpdate: number },
  responder: { readonly key: KeySigner; readonly certificate: Uint8Array },
): Promise<Bytes> {
  const { key, certificate } = responder;
  const keyHash = createHash('sha1').update(publicKeyBits(key.spki)).digest();
  const data = sequence(
    // byKey: SHA-1 of the responder's key, whatever hash the request used.
    tlv(0xa2, octets(keyHash)),
    generalizedTime(times.producedAt),
    sequence(
      ...statuses.map(({ id, revoked }) =>
        sequence(
          certId(id),
          revoked === undefined ? tlv(0x80) : revokedInfo(revoked, times.thisUpdate),
          generalizedTime(times.thisUpdate),
          tlv(0xa0, generalizedTime(times.nextUpdate)),
        ),
      ),
    ),
  );
  const basic = sequence(
    data,
    algorithmIdentifier(key.algorithm),
    bits(await key.sign(data)),
    tlv(0xa0, sequence(certificate)),
  );
  return sequence(tlv(0x0a, Uint8Array.of(0)), tlv(0xa0, sequence(BASIC, octets(basic))));
}

function revokedInfo(
  { at, reason }: { readonly at: string; readonly reason: EntryReason },
  thisUpdate: number,
): Bytes {
  const code = REASON[reason];
  const reasonField = code === 0 ? [] : [tlv(0xa0, tlv(0x0a, Uint8Array.of(code)))];
  // As on the CRL, an answer tells of nothing that comes after its `thisUpdate`.
  return tlv(0xa1, generalizedTime(Math.min(fromInstant(at), thisUpdate)), ...reasonField);
}

/** Written anew, so that an answer is the same however the request spelled what it asks. */
function certId({ hash, parameters, nameHash, keyHash, serial }: CertificateId): Bytes {
  const bytes = (hex: string) => Buffer.from(hex, 'hex');
  return sequence(
    sequence(oid(HASH_OIDS[hash]), ...(parameters === 'null' ? [tlv(TAG.null)] : [])),
    octets(bytes(nameHash)),
    octets(bytes(keyHash)),
    unsigned(bytes(serial)),
  );
}
