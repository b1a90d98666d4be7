import type { CryptoPort } from '../../../core/crypto.ts';
import type { KeySigner } from '../../ports/signer.ts';
import { signed, tbsCertificate } from '../../x509/certificate.ts';
import {
  authorityKeyIdentifier,
  basicConstraintsEnd,
  keyUsageSignature,
  ocspNoCheck,
  ocspSigning,
  subjectKeyIdentifier,
} from '../../x509/extensions.ts';
import { newSerial } from '../../x509/serial.ts';
import { distinguishedName } from '../../x509/x509-name.ts';
import type { CaNames } from './issuing-certificates.ts';

/**
 * The certificate that lets a key answer OCSP for this CA and do nothing else (RFC 6960 section 4.2.2.2). Verifiers
 * do not check whether it is revoked (`ocsp-nocheck`), so it lives only for days.
 */
export async function responderCertificate(
  asked: { readonly spki: Uint8Array; readonly notBefore: number; readonly notAfter: number },
  issuer: CaNames & { readonly name: string; readonly key: KeySigner },
  crypto: CryptoPort,
): Promise<{ readonly der: Uint8Array; readonly serial: string }> {
  const serial = newSerial(crypto);
  const tbs = tbsCertificate({
    ...asked,
    serial,
    algorithm: issuer.key.algorithm,
    issuer: issuer.subject,
    subject: distinguishedName('Fieldbind', `${issuer.name} OCSP`),
    extensions: [
      basicConstraintsEnd(),
      keyUsageSignature(),
      ocspSigning(),
      ocspNoCheck(),
      subjectKeyIdentifier(asked.spki),
      authorityKeyIdentifier(issuer.key.spki, issuer.keyId),
    ],
  });
  return { der: await signed(tbs, issuer.key), serial };
}
