import { type Bytes, fromHex } from '../../core/bytes.ts';
import type { KeySigner } from '../ports/signer.ts';
import { bits, oid, sequence, time, tlv, unsigned } from './der-writer.ts';

/** AlgorithmIdentifier without parameters (RFC 5758 section 3.2). */
const ALGORITHM = {
  ES256: sequence(oid('1.2.840.10045.4.3.2')),
  ES384: sequence(oid('1.2.840.10045.4.3.3')),
} as const;

/** `[0] EXPLICIT INTEGER 2`: version 3. */
export const VERSION_3 = fromHex('a003020102') ?? new Uint8Array();

export interface CertificateFields {
  /** Hex. */
  readonly serial: string;
  readonly algorithm: KeySigner['algorithm'];
  /** Names as DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly spki: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

/** TBSCertificate (RFC 5280 section 4.1). */
export function tbsCertificate(fields: CertificateFields): Bytes {
  return sequence(
    VERSION_3,
    unsigned(fromHex(fields.serial) ?? new Uint8Array()),
    ALGORITHM[fields.algorithm],
    fields.issuer,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    fields.spki,
    tlv(0xa3, sequence(...fields.extensions)),
  );
}

/** SIGNED{…}: the signed content, the algorithm, the signature. Certificates and CRLs have the same form. */
export async function signed(tbs: Uint8Array, signer: KeySigner): Promise<Bytes> {
  return sequence(tbs, ALGORITHM[signer.algorithm], bits(await signer.sign(tbs)));
}

export function algorithmIdentifier(algorithm: KeySigner['algorithm']): Bytes {
  return ALGORITHM[algorithm];
}
