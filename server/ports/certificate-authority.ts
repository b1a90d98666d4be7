import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import type { IssuerName, OrgName } from './issuer-name.ts';

/** One attribute of a subject, as RFC 4514 names it. */
export interface SubjectPart {
  readonly attribute: 'CN' | 'O' | 'OU';
  readonly value: string;
}

/** What an organisation's policy changes in the certificates of its devices. */
export interface CertificateProfile {
  /** Milliseconds; never longer than the CA's own policy says. */
  readonly lifetime?: number;
  /** In the order of RFC 4514, most specific part first; `CN=<udid>,O=<domain>` if left out. */
  readonly subject?: readonly SubjectPart[];
}

/** An order of the RA. Everything in the certificate follows from the order and from policy; nothing is taken from a CSR. */
export interface CertificateOrder extends CertificateProfile {
  readonly udid: Udid;
  readonly domain: DomainName;
  /** The device's SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

/** A service of the organisation that needs a server certificate: a broker, or our own listener for devices. */
export interface ServerOrder {
  /** DNS name, of at most 64 characters. */
  readonly host: string;
  readonly spki: Uint8Array;
  /** Milliseconds. */
  readonly lifetime: number;
}

/** A certificate not yet signed, recorded before the signature is made. */
export interface Intent {
  /** 128 random bits, lower-case hex. */
  readonly serial: string;
  readonly issuer: IssuerName;
  /**
   * What `toBeSigned` holds. `tbs`: a TBSCertificate, DER, which our own CA signs as it is. `order`: JSON that says what a
   * third party's CA shall certify (authority/est-ca/order.ts); the certificate is of its own writing.
   */
  readonly kind: 'tbs' | 'order';
  readonly toBeSigned: Uint8Array;
  /** SHA-256 of `toBeSigned`, hex. */
  readonly digest: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

/** Names an intent in the audit trail: its serial, and the digest of what is to be signed. */
export function intentName({ serial, kind, digest }: Pick<Intent, 'serial' | 'kind' | 'digest'>): string {
  return `serial ${serial}, ${kind === 'tbs' ? 'TBS' : 'order'} ${digest}`;
}

export interface SignedCertificate {
  readonly der: Uint8Array;
  /** SHA-256 of `der`, hex. */
  readonly fingerprint: string;
  /** Set where a third party wrote the certificate; otherwise the intent's validity applies. */
  readonly validity?: { readonly notBefore: string; readonly notAfter: string };
}

/** The signer has not answered yet. The intent stays open and is signed by a later try: the error is retryable. */
export class SignatureDelayed extends Error {
  override readonly name = 'SignatureDelayed';
}

/** CRLReason names (RFC 5280 section 5.3.1) that an operational certificate may be revoked with. */
export const REVOCATION_REASONS = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

/** `certificateHold` is the one reason that may be lifted again. */
export type EntryReason = RevocationReason | 'certificateHold';

/** CRLReason (RFC 5280 section 5.3.1). */
export const REASON: Record<EntryReason, number> = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
};

export interface RevokedEntry {
  readonly serial: string;
  readonly at: string;
  readonly reason: EntryReason;
}

export interface CrlOrder {
  readonly number: number;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  readonly entries: readonly RevokedEntry[];
}

/** Which issuing CA it is. */
export interface IssuerIdentity {
  /** Of this generation. */
  readonly name: IssuerName;
  readonly org: OrgName;
  /** Name of our own issuing CA that signs its CRL. For a third party's CA that is the organisation's own CA beside it. */
  readonly own: IssuerName;
  /** A successor issues in its place. It still finishes what it began, and revokes. */
  readonly replaced: boolean;
}

/** What is handed out so that its certificates are trusted. */
export interface IssuerTrust {
  /** What leads from a leaf of it to the root, PEM: handed out behind the leaf. See server/authority/ca/trust.ts. */
  readonly chainPem: string;
  /** Its key and subject signed by itself, PEM. Whoever trusts only this accepts only this organisation's devices. */
  readonly anchorPem: string;
  /** The anchors of every generation of the organisation whose certificates may still be valid, PEM. */
  readonly anchorsPem: string;
}

/** For the RA and for ceremonies: certificates of devices and services. */
export interface CertificateSigner {
  prepare(order: CertificateOrder): Intent;
  prepareServer(order: ServerOrder): Intent;
  /** Throws if another issuing CA prepared the intent. Throws SignatureDelayed while a third party has not answered. */
  sign(intent: Intent): Promise<SignedCertificate>;
}

/** For the validation authority: what is said of certificates. */
export interface StatusSigner {
  /** SubjectPublicKeyInfo of its key, DER. */
  readonly spki: Uint8Array;
  /** Its name in what it signs, DER. */
  readonly subject: Uint8Array;
  /** Lets a key answer for the status of this CA's certificates, until the given time (milliseconds since 1970). */
  certifyResponder(
    spki: Uint8Array,
    until: number,
  ): Promise<{ readonly der: Uint8Array; readonly serial: string }>;
  /** CertificateList, DER. */
  signCrl(order: CrlOrder): Promise<Uint8Array>;
}

/** One issuing CA. It signs what the RA recorded, and knows no record, person or database. */
export interface Issuer extends IssuerIdentity, IssuerTrust, CertificateSigner, StatusSigner {}

/** All that RA and faces know of the CA. */
export interface CertificateAuthority {
  /** The issuing CA of an organisation, the newest one; undefined if it has none. */
  issuer(org: OrgName): Promise<Issuer | undefined>;
  /**
   * Finds an issuing CA by its own name, replaced or not. Only the CA that prepared or issued something can finish or
   * revoke it.
   */
  issuerNamed(name: IssuerName): Promise<Issuer | undefined>;
  /**
   * What verifiers trust for an organisation's devices, DER: anchors and cross certificates. Empty if the
   * organisation has no CA.
   */
  bundle(org: OrgName): Promise<readonly Uint8Array[]>;
}
