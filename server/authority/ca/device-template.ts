import { type Bytes, concat, fromHex } from '../../../core/bytes.ts';
import { deviceDnsName, spiffeId } from '../../../core/name.ts';
import type { CertificateOrder } from '../../ports/certificate-authority.ts';
import type { KeySigner } from '../../ports/signer.ts';
import { algorithmIdentifier, VERSION_3 } from '../../x509/certificate.ts';
import { sequence, time, tlv, unsigned } from '../../x509/der-writer.ts';
import {
  authorityInformationAccess,
  authorityKeyIdentifier,
  basicConstraintsEnd,
  crlDistributionPoint,
  extendedKeyUsage,
  keyUsageSignature,
  subjectAlternativeNames,
  subjectKeyIdentifier,
} from '../../x509/extensions.ts';
import { distinguishedName, subjectName } from '../../x509/x509-name.ts';

/** The fields that are the same in every device certificate of an issuing CA. */
export interface TemplateFields {
  readonly algorithm: KeySigner['algorithm'];
  /** Name, DER. */
  readonly issuer: Uint8Array;
  readonly issuerSpki: Uint8Array;
  /** Its key identifier, where that is not ours. */
  readonly issuerKeyId: Uint8Array | undefined;
  readonly crlUrl: string;
  readonly ocspUrl: string;
  readonly issuerUrl: string;
}

/** Returns the TBSCertificate (RFC 5280 section 4.1) of one device. Times are milliseconds since 1970. */
export type DeviceTemplate = (
  device: CertificateOrder & {
    readonly serial: string;
    readonly notBefore: number;
    readonly notAfter: number;
  },
) => Bytes;

/**
 * The template of a device's operational certificate: a SPIFFE X.509-SVID (one URI SAN). Its subject has the same two
 * names, for brokers that read only the subject. Everything that does not depend on the device is encoded once.
 */
export function deviceTemplate(fields: TemplateFields): DeviceTemplate {
  const before = concat(algorithmIdentifier(fields.algorithm), fields.issuer);
  const usage = concat(basicConstraintsEnd(), keyUsageSignature(), extendedKeyUsage());
  const issuerKey = authorityKeyIdentifier(fields.issuerSpki, fields.issuerKeyId);
  const addresses = concat(
    crlDistributionPoint(fields.crlUrl),
    authorityInformationAccess(fields.issuerUrl, fields.ocspUrl),
  );
  const validity = validities();
  return ({ udid, domain, subject, spki, serial, notBefore, notAfter }) =>
    sequence(
      VERSION_3,
      unsigned(fromHex(serial) ?? new Uint8Array()),
      before,
      validity(notBefore, notAfter),
      subject === undefined ? distinguishedName(domain, udid) : subjectName(subject),
      spki,
      tlv(
        0xa3,
        sequence(
          usage,
          subjectKeyIdentifier(spki),
          issuerKey,
          subjectAlternativeNames({ uri: spiffeId(domain, udid), dns: deviceDnsName(domain, udid) }),
          addresses,
        ),
      ),
    );
}

/** Encodes the validity in whole seconds, and remembers the last one: certificates issued in the same second share it. */
function validities(): (notBefore: number, notAfter: number) => Bytes {
  let last = { from: Number.NaN, to: Number.NaN, der: new Uint8Array() };
  return (notBefore, notAfter) => {
    const [from, to] = [Math.floor(notBefore / 1000), Math.floor(notAfter / 1000)];
    if (last.from !== from || last.to !== to)
      last = { from, to, der: sequence(time(notBefore), time(notAfter)) };
    return last.der;
  };
}
