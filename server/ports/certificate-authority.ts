import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import type { IssuerName, OrgName } from './issuer-name.ts';

/** One attribute of a subject, as RFC 4514 names it. */
export interface SubjectPart {
  readonly attribute: 'CN' | 'O' | 'OU';
  readonly value: string;
}

/** What an organisation's policy changes in a certificate. */
export interface CertificateProfile {
  /** Milliseconds; never longer than the CA's own policy says. */
  readonly lifetime?: number;
  /** In the order of its text, the most particular first; `CN=<udid>,O=<domain>` if left out. */
  readonly subject?: readonly SubjectPart[];
}

/** What the RA asks for. Everything in the certificate follows from it and from policy; nothing is taken from a CSR. */
export interface CertificateOrder extends CertificateProfile {
  readonly udid: Udid;
  readonly domain: DomainName;
  /** The device's SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

/** A service of the organisation: a broker, or our own listener for devices. */
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

/** An intent as the trail names it: its serial, and the digest of what is to be signed. */
export function intentName({ serial, kind, digest }: Pick<Intent, 'serial' | 'kind' | 'digest'>): string {
  return `serial ${serial}, ${kind === 'tbs' ? 'TBS' : 'order'} ${digest}`;
}

export interface SignedCertificate {
  readonly der: Uint8Array;
  /** SHA-256 of `der`, hex. */
  readonly fingerprint: string;
  /** Where a third party wrote it; that of the intent otherwise. */
  readonly validity?: { readonly notBefore: string; readonly notAfter: string };
}

/** Whoever signs has not answered yet. The intent stays open and is signed when it is come back to. */
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

/** `certificateHold` is the one that may end again. */
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
  /** Name of our own issuing CA that keeps its CRL; of a third party's, that of the organisation's own one beside it. */
  readonly own: IssuerName;
  /** A successor issues in its place; it finishes what it began, and revokes. */
  readonly replaced: boolean;
}

/** What is handed out so that its certificates are trusted. */
export interface IssuerTrust {
  /** What leads from a leaf of it to the root, PEM: handed out behind the leaf. See server/authority/ca/trust.ts. */
  readonly chainPem: string;
  /** Its key and subject signed by itself, PEM: who trusts only this accepts this organisation's devices only. */
  readonly anchorPem: string;
  /** The anchors of every generation of the organisation whose certificates may live, PEM. */
  readonly anchorsPem: string;
}

/** For the RA and for ceremonies: certificates of devices and services. */
export interface CertificateSigner {
  prepare(order: CertificateOrder): Intent;
  prepareServer(order: ServerOrder): Intent;
  /** Throws for an intent that another issuing CA prepared; SignatureDelayed where a third party signs. */
  sign(intent: Intent): Promise<SignedCertificate>;
}

/** For the validation authority: what is said of certificates. */
export interface StatusSigner {
  /** SubjectPublicKeyInfo of its key, DER. */
  readonly spki: Uint8Array;
  /** Lets a key answer about the state of this CA's certificates, until then (milliseconds since 1970). */
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
  /** By its own name, replaced or not: what one began, prepared or issued, only the same one finishes and revokes. */
  issuerNamed(name: IssuerName): Promise<Issuer | undefined>;
  /** What verifiers trust for an organisation's devices, DER: anchors, and what leads to them. Empty if it has no CA. */
  bundle(org: OrgName): Promise<readonly Uint8Array[]>;
}
