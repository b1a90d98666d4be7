import type { CryptoPort } from '../../core/crypto.ts';
import { fromInstant, toInstant } from '../../core/instant.ts';
import { deviceDnsName, spiffeId } from '../../core/name.ts';
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
import { signed, tbsCertificate } from './certificate.ts';
import { certificateList } from './crl.ts';
import { authorityName } from './establish.ts';
import {
  authorityInformationAccess,
  authorityKeyIdentifier,
  basicConstraintsEnd,
  crlDistributionPoint,
  extendedKeyUsage,
  keyUsageSignature,
  subjectAlternativeNames,
  subjectKeyIdentifier,
} from './extensions.ts';
import type { CertificatePolicy } from './policy.ts';
import { newSerial } from './serial.ts';
import { distinguishedName } from './x509-name.ts';

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
  return {
    name: authority.name,
    chainPem: toPem('CERTIFICATE', authority.certificate),
    bundlePem: toPem('CERTIFICATE', authority.anchor),
    prepare: (order) => prepare(order, authority, key, parts),
    async sign({ tbs }) {
      const der = await signed(tbs, key);
      return { der, fingerprint: sha256Hex(der) };
    },
    signCrl: (order) => certificateList(order, authorityName(authority.name), key),
  };
}

/**
 * The template of a device's operational certificate: a SPIFFE X.509-SVID (one URI SAN), with the same two names in its
 * subject for brokers that read only that.
 */
function prepare(
  order: CertificateOrder,
  authority: Authority,
  key: CaSigner,
  { clock, crypto, policy, publicUrl }: AuthorityParts,
): Intent {
  const now = clock.now();
  const notBefore = now - policy.backdate;
  // A certificate that outlives its issuer verifies nowhere.
  const notAfter = Math.min(now + policy.device, fromInstant(authority.notAfter));
  const serial = newSerial(crypto);
  const tbs = tbsCertificate({
    serial,
    algorithm: key.algorithm,
    issuer: authorityName(authority.name),
    subject: distinguishedName(order.domain, order.udid),
    notBefore,
    notAfter,
    spki: order.spki,
    extensions: [
      basicConstraintsEnd(),
      keyUsageSignature(),
      extendedKeyUsage(),
      subjectKeyIdentifier(order.spki),
      authorityKeyIdentifier(key.spki),
      subjectAlternativeNames({
        uri: spiffeId(order.domain, order.udid),
        dns: deviceDnsName(order.domain, order.udid),
      }),
      crlDistributionPoint(`${publicUrl}/crl/${authority.name}.crl`),
      authorityInformationAccess(`${publicUrl}/ca/${authority.name}.cer`),
    ],
  });
  return {
    serial,
    issuer: authority.name,
    tbs,
    tbsDigest: sha256Hex(tbs),
    notBefore: toInstant(notBefore),
    notAfter: toInstant(notAfter),
  };
}
