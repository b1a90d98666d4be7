import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';

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

/** A certificate not yet signed: recorded before the signature is made (RFC 5280 section 4.1.2 fixes its bytes). */
export interface Intent {
  /** 128 random bits, lower-case hex. */
  readonly serial: string;
  /** Name of the issuing CA. */
  readonly issuer: string;
  /** TBSCertificate, DER. */
  readonly tbs: Uint8Array;
  /** SHA-256 of `tbs`, hex. */
  readonly tbsDigest: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

export interface SignedCertificate {
  readonly der: Uint8Array;
  /** SHA-256 of `der`, hex. */
  readonly fingerprint: string;
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

/** One issuing CA. It signs what the RA recorded, and knows no record, person or database. */
export interface Issuer {
  readonly name: string;
  /** The issuing certificate as its root signed it, PEM: handed out behind a leaf. */
  readonly chainPem: string;
  /** The same key and subject signed by itself, PEM: who trusts only this accepts this organisation's devices only. */
  readonly bundlePem: string;
  prepare(order: CertificateOrder): Intent;
  sign(intent: Pick<Intent, 'tbs'>): Promise<SignedCertificate>;
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

/** All that RA and faces know of the CA. */
export interface CertificateAuthority {
  /** The issuing CA of an organisation; undefined if it has none. */
  issuer(org: string): Promise<Issuer | undefined>;
}
