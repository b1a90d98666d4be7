import { X509Certificate } from 'node:crypto';
import type { CryptoPort } from '../../../core/crypto.ts';
import type { Authority, CrossCertificates } from '../../ports/authorities.ts';
import type { KeySigner } from '../../ports/signer.ts';
import { signed, tbsCertificate } from '../../x509/certificate.ts';
import {
  authorityInformationAccess,
  authorityKeyIdentifier,
  basicConstraintsCa,
  keyUsageCa,
  subjectKeyIdentifier,
} from '../../x509/extensions.ts';
import { newSerial } from '../../x509/serial.ts';
import { authorityName } from '../../x509/x509-name.ts';

/** Milliseconds since 1970. */
export interface Span {
  readonly notBefore: number;
  readonly notAfter: number;
}

interface Subject extends Span {
  readonly org: string;
  readonly spki: Uint8Array;
}

interface Signer {
  readonly name: string;
  readonly key: KeySigner;
}

/** The certificate of an issuing CA, signed by its root. `rootUrl`: address of the root's certificate. */
export function byRoot(
  subject: Subject,
  root: Signer,
  rootUrl: string,
  crypto: CryptoPort,
): Promise<Uint8Array> {
  // There is no CRL distribution point: it would need a root CRL, and so the root's key, for as long as the root
  // lives. Whoever trusts an organisation trusts its own self-signed anchor, and drops that to stop trusting it.
  return certify(subject, root, [authorityInformationAccess(rootUrl)], crypto);
}

/**
 * A certificate signed by a key of the same organisation: its own key (the anchor), or another generation's (a cross
 * certificate).
 */
export function byOrg(subject: Subject, key: KeySigner, crypto: CryptoPort): Promise<Uint8Array> {
  return certify(subject, { name: subject.org, key }, [], crypto);
}

/** Both cross certificates of two generations. Each is valid as long as both anchors are. */
export async function cross(
  org: string,
  after: { readonly key: KeySigner; readonly anchor: Uint8Array },
  before: { readonly key: KeySigner; readonly anchor: Uint8Array },
  notBefore: number,
  crypto: CryptoPort,
): Promise<CrossCertificates> {
  const span = { notBefore, notAfter: Math.min(endOf(after.anchor), endOf(before.anchor)) };
  return {
    newWithOld: await byOrg({ ...span, org, spki: after.key.spki }, before.key, crypto),
    oldWithNew: await byOrg({ ...span, org, spki: before.key.spki }, after.key, crypto),
  };
}

/** Milliseconds since 1970. */
export function endOf(certificate: Authority['anchor']): number {
  return Date.parse(new X509Certificate(certificate).validTo);
}

async function certify(
  { org, spki, ...span }: Subject,
  issuer: Signer,
  more: readonly Uint8Array[],
  crypto: CryptoPort,
): Promise<Uint8Array> {
  const tbs = tbsCertificate({
    ...span,
    serial: newSerial(crypto),
    algorithm: issuer.key.algorithm,
    issuer: authorityName(issuer.name),
    subject: authorityName(org),
    spki,
    extensions: [
      basicConstraintsCa(0),
      keyUsageCa(),
      subjectKeyIdentifier(spki),
      authorityKeyIdentifier(issuer.key.spki),
      ...more,
    ],
  });
  return signed(tbs, issuer.key);
}
