import { equalBytes, toHex } from '../../../../core/bytes.ts';
import { type Certificate, parseCertificate } from '../../../../core/certificate.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { DerError } from '../../../../core/der.ts';
import { toInstant } from '../../../../core/instant.ts';
import { isSignedBy } from '../../../../core/signed-by.ts';
import { type DeviceName, deviceName } from '../../../../core/verify-certificate.ts';
import type { Authority } from '../../../ports/authorities.ts';
import type { FoundCertificate } from '../../../ports/found-certificates.ts';
import type { OrgName } from '../../../ports/issuer-name.ts';
import type { Needs } from '../../../ports/stores.ts';

/** An issuing CA of ours, by its own record of itself. */
type IssuingCa = Authority & { readonly org: OrgName };

/** A device certificate that an issuing CA of ours signed, whether the database knows it or not. */
export interface OwnCertificate {
  readonly issuer: IssuingCa;
  readonly device: DeviceName;
  readonly found: FoundCertificate & { readonly der: Uint8Array; readonly fingerprint: string };
}

/**
 * Reads a certificate that somebody hands back. Undefined for everything that none of our issuing CAs signed as a device's
 * certificate: a name proves nothing here, only the signature does.
 */
export async function readOwnCertificate(
  der: Uint8Array,
  { at, by }: { readonly at: string; readonly by: string },
  stores: Needs<'authorities'>,
  crypto: CryptoPort,
): Promise<OwnCertificate | undefined> {
  const certificate = readCertificate(der);
  if (certificate === undefined || certificate.isCa) return undefined;
  const device = deviceName(certificate);
  const issuer = await issuerOf(certificate, stores, crypto);
  if (device === undefined || issuer === undefined) return undefined;
  return {
    issuer,
    device,
    found: {
      serial: certificate.serial.padStart(32, '0'),
      issuer: issuer.name,
      der,
      fingerprint: toHex(await crypto.sha256(der)),
      notBefore: toInstant(certificate.notBefore),
      notAfter: toInstant(certificate.notAfter),
      ...device,
      keyDigest: await crypto.digest(certificate.spki),
      revoked: null,
      foundAt: at,
      foundBy: by,
    },
  };
}

/** The issuing CA of ours whose key signed this certificate or list. */
export async function issuerOf(
  signed: Parameters<typeof isSignedBy>[0] & Pick<Certificate, 'issuer'>,
  { authorities }: Needs<'authorities'>,
  crypto: CryptoPort,
): Promise<IssuingCa | undefined> {
  for (const authority of await authorities.authorities()) {
    const { org } = authority;
    if (org === null) continue;
    const { subject, spki } = parseCertificate(authority.certificate);
    // By name first: whoever hands back what is not ours must not have it verified by the key of every organisation.
    if (equalBytes(subject, signed.issuer) && (await isSignedBy(signed, spki, crypto)))
      return { ...authority, org };
  }
  return undefined;
}

/** Undefined for bytes that are no certificate. */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
