import { X509Certificate } from 'node:crypto';
import { fromHex } from '../../../core/bytes.ts';
import { parseCertificate } from '../../../core/certificate.ts';
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
  /** What a foreign root called CA and key; ours if left out. */
  readonly called?: CaNames | undefined;
}

/** How the certificates of a CA name it and its key, so that what it signs can be led back to it. */
export interface CaNames {
  /** Name, DER. */
  readonly subject: Uint8Array;
  /** SubjectKeyIdentifier. */
  readonly keyId: Uint8Array | undefined;
}

interface Signer {
  readonly name: string;
  readonly key: KeySigner;
  readonly called?: CaNames | undefined;
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
  return certify(subject, { name: subject.org, key, called: subject.called }, [], crypto);
}

/** One generation in a cross certificate. */
export interface Crossing {
  readonly key: KeySigner;
  readonly anchor: Uint8Array;
}

/** Both cross certificates of two generations of one name. Each is valid as long as both anchors are. */
export async function cross(
  org: string,
  after: Crossing,
  before: Crossing,
  notBefore: number,
  crypto: CryptoPort,
): Promise<CrossCertificates> {
  const span = { notBefore, notAfter: Math.min(endOf(after.anchor), endOf(before.anchor)) };
  const certifyBy = (one: Crossing, by: Crossing) =>
    certify(
      { ...span, org, spki: one.key.spki, called: namesIn(one.anchor) },
      { name: org, key: by.key, called: namesIn(by.anchor) },
      [],
      crypto,
    );
  return { newWithOld: await certifyBy(after, before), oldWithNew: await certifyBy(before, after) };
}

/** The names in a CA's certificate. */
export function namesIn(certificate: Uint8Array): CaNames {
  const { subject, ownKeyId } = parseCertificate(certificate);
  return { subject, keyId: ownKeyId === undefined ? undefined : fromHex(ownKeyId) };
}

/** Milliseconds since 1970. */
export function endOf(certificate: Authority['anchor']): number {
  return Date.parse(new X509Certificate(certificate).validTo);
}

async function certify(
  { org, spki, called, ...span }: Subject,
  issuer: Signer,
  more: readonly Uint8Array[],
  crypto: CryptoPort,
): Promise<Uint8Array> {
  const tbs = tbsCertificate({
    ...span,
    serial: newSerial(crypto),
    algorithm: issuer.key.algorithm,
    issuer: issuer.called?.subject ?? authorityName(issuer.name),
    subject: called?.subject ?? authorityName(org),
    spki,
    extensions: [
      basicConstraintsCa(0),
      keyUsageCa(),
      subjectKeyIdentifier(spki, called?.keyId),
      authorityKeyIdentifier(issuer.key.spki, issuer.called?.keyId),
      ...more,
    ],
  });
  return signed(tbs, issuer.key);
}
