import type { ServerOrder } from '../../ports/certificate-authority.ts';
import type { KeySigner } from '../../ports/signer.ts';
import { tbsCertificate } from '../../x509/certificate.ts';
import {
  authorityInformationAccess,
  authorityKeyIdentifier,
  basicConstraintsEnd,
  keyUsageSignature,
  serverAuthentication,
  serverName,
  subjectKeyIdentifier,
} from '../../x509/extensions.ts';
import { distinguishedName } from '../../x509/x509-name.ts';
import type { CaNames } from './issuing-certificates.ts';

/** TBSCertificate of a service, which shows this host name to the organisation's devices over TLS and may do nothing else. */
export function serverTemplate(
  { host, spki }: ServerOrder,
  fields: { readonly serial: string; readonly notBefore: number; readonly notAfter: number },
  issuer: CaNames & { readonly key: KeySigner; readonly url: string },
): Uint8Array {
  return tbsCertificate({
    ...fields,
    spki,
    algorithm: issuer.key.algorithm,
    issuer: issuer.subject,
    subject: distinguishedName('Fieldbind', host),
    extensions: [
      basicConstraintsEnd(),
      keyUsageSignature(),
      serverAuthentication(),
      subjectKeyIdentifier(spki),
      authorityKeyIdentifier(issuer.key.spki, issuer.keyId),
      serverName(host),
      authorityInformationAccess(issuer.url),
    ],
  });
}
