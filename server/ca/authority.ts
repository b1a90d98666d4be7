import type { CryptoPort } from '../../core/crypto.ts';
import { fromInstant, toInstant } from '../../core/instant.ts';
import { toPem } from '../../core/pem.ts';
import { sha256Hex } from '../crypto/node-crypto.ts';
import type { Authority } from '../ports/authorities.ts';
import type {
  CertificateAuthority,
  CertificateOrder,
  Intent,
  Issuer,
} from '../ports/certificate-authority.ts';
import type { Clock } from '../ports/clock.ts';
import type { CaSigner, KeyVault } from '../ports/signer.ts';
import type { Needs } from '../ports/stores.ts';
import { signed } from './certificate.ts';
import { certificateList } from './crl.ts';
import { type DeviceTemplate, deviceTemplate } from './device-template.ts';
import { authorityName } from './establish.ts';
import type { CertificatePolicy } from './policy.ts';
import { responderCertificate } from './responder-certificate.ts';
import { newSerial } from './serial.ts';

export interface AuthorityParts {
  readonly vault: KeyVault;
  readonly stores: Needs<'authorities'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly policy: CertificatePolicy;
  readonly publicUrl: string;
}

/** The CA: signs what the RA recorded, with the issuing key of the organisation asked for. */
export function certificateAuthority(parts: AuthorityParts): CertificateAuthority {
  const opened = new Map<string, Issuer>();
  return {
    async issuer(org) {
      const there = opened.get(org);
      if (there !== undefined) return there;
      const authority = await parts.stores.authorities.authority(org);
      // A root issues nothing to devices, whatever name it is asked by.
      if (authority === undefined || authority.root === null) return undefined;
      const key = await parts.vault.open(org);
      if (key === undefined) return undefined;
      const issuer = issuerOf(authority, key, parts);
      opened.set(org, issuer);
      return issuer;
    },
  };
}

function issuerOf(authority: Authority, key: CaSigner, parts: AuthorityParts): Issuer {
  const template = deviceTemplate({
    algorithm: key.algorithm,
    issuer: authorityName(authority.name),
    issuerSpki: key.spki,
    crlUrl: `${parts.publicUrl}/crl/${authority.name}.crl`,
    ocspUrl: `${parts.publicUrl}/ocsp`,
    issuerUrl: `${parts.publicUrl}/ca/${authority.name}.cer`,
  });
  return {
    name: authority.name,
    chainPem: toPem('CERTIFICATE', authority.certificate),
    bundlePem: toPem('CERTIFICATE', authority.anchor),
    prepare: (order) => prepare(order, template, authority, parts),
    async sign({ tbs }) {
      const der = await signed(tbs, key);
      return { der, fingerprint: sha256Hex(der) };
    },
    spki: key.spki,
    certifyResponder: (spki, until) =>
      responderCertificate(
        { spki, notBefore: parts.clock.now() - parts.policy.backdate, notAfter: until },
        { name: authority.name, subject: authorityName(authority.name), key },
        parts.crypto,
      ),
    signCrl: (order) => certificateList(order, authorityName(authority.name), key),
  };
}

/** What the RA ordered, as the bytes to be signed. */
function prepare(
  order: CertificateOrder,
  template: DeviceTemplate,
  authority: Authority,
  { clock, crypto, policy }: AuthorityParts,
): Intent {
  const now = clock.now();
  const notBefore = now - policy.backdate;
  // A certificate that outlives its issuer verifies nowhere.
  const life = Math.min(order.lifetime ?? policy.device, policy.device);
  const notAfter = Math.min(now + life, fromInstant(authority.notAfter));
  const serial = newSerial(crypto);
  const tbs = template({ ...order, serial, notBefore, notAfter });
  return {
    serial,
    issuer: authority.name,
    tbs,
    tbsDigest: sha256Hex(tbs),
    notBefore: toInstant(notBefore),
    notAfter: toInstant(notAfter),
  };
}
