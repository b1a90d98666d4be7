import type {
  EntryReason,
  Intent,
  RevocationReason,
  RevokedEntry,
  SignedCertificate,
} from './certificate-authority.ts';
import type { IssuerName } from './issuer-name.ts';

/** Intents: certificates that are about to be signed. If the process ends in between, the next start finishes or abandons them. */
export interface Intents {
  intend(intent: Intent, binding: string): Promise<void>;
  ofBinding(binding: string): Promise<Intent | undefined>;
  unfinished(): Promise<{ readonly intent: Intent; readonly binding: string }[]>;
  abandon(serial: string): Promise<void>;
}

export interface StoredCertificate {
  readonly serial: string;
  readonly issuer: IssuerName;
  readonly binding: string;
  readonly fingerprint: string;
  readonly der: Uint8Array;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Also set while the certificate is only on hold. */
  readonly revokedAt: string | null;
  readonly onHold: boolean;
}

export interface CertificateStatus {
  readonly issuer: IssuerName;
  readonly revoked: { readonly at: string; readonly reason: EntryReason } | undefined;
}

export interface Certificates {
  /** Completes an intent; its row must exist. */
  issue(serial: string, signed: SignedCertificate): Promise<void>;
  byFingerprint(fingerprint: string): Promise<StoredCertificate | undefined>;
  bySerial(serial: string): Promise<StoredCertificate | undefined>;
  /** The binding's newest certificate, revoked or not. */
  newest(binding: string): Promise<StoredCertificate | undefined>;
  /** Every certificate issued for a binding, newest first. */
  ofBinding(binding: string): Promise<StoredCertificate[]>;
}

/** Revokes certificates or puts them on hold. Each method returns the issuing CAs whose CRL is out of date from now on. */
export interface Revocations {
  /** Revokes every certificate of a binding that is not revoked yet or only on hold. */
  revokeAll(binding: string, at: string, reason: RevocationReason): Promise<readonly IssuerName[]>;
  /** Changes nothing if no certificate was issued under this serial. */
  revoke(serial: string, at: string, reason: RevocationReason): Promise<readonly IssuerName[]>;
  /** Puts every certificate of a binding that is not revoked on hold. */
  hold(binding: string, at: string): Promise<readonly IssuerName[]>;
  /** Takes every certificate of a binding off hold. */
  release(binding: string): Promise<readonly IssuerName[]>;
}

/** The status of certificates, for verifiers. */
export interface CertificateStates {
  /** Whether an issued certificate was revoked; undefined if no certificate has this serial. */
  status(serial: string): Promise<CertificateStatus | undefined>;
  revokedBy(issuer: IssuerName): Promise<RevokedEntry[]>;
  /** How often certificates of this issuer were revoked, put on hold or taken off hold. */
  revocations(issuer: IssuerName): Promise<number>;
  /** Counts a change, so that this issuer's CRL is signed anew. */
  outdate(issuer: IssuerName): Promise<void>;
}
