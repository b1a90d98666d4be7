import type {
  EntryReason,
  Intent,
  RevocationReason,
  RevokedEntry,
  SignedCertificate,
} from './certificate-authority.ts';
import type { IssuerName } from './issuer-name.ts';

/** What is about to be signed. Finished or abandoned at the next start if the process ended in between. */
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
  /** Also of one that is on hold only. */
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
  /** The newest one of a binding, revoked or not. */
  newest(binding: string): Promise<StoredCertificate | undefined>;
  /** Every one issued for a binding, newest first. */
  ofBinding(binding: string): Promise<StoredCertificate[]>;
}

/** What ends a certificate, or stops it for a while. Each gives the issuing CAs whose CRL says less than this from now on. */
export interface Revocations {
  /** Every one of a binding that is not revoked yet, or on hold only. */
  revokeAll(binding: string, at: string, reason: RevocationReason): Promise<readonly IssuerName[]>;
  /** Nothing, if none was issued under this serial. */
  revoke(serial: string, at: string, reason: RevocationReason): Promise<readonly IssuerName[]>;
  /** Puts every one of a binding that is not revoked on hold. */
  hold(binding: string, at: string): Promise<readonly IssuerName[]>;
  /** Takes every one of a binding off hold. */
  release(binding: string): Promise<readonly IssuerName[]>;
}

/** What verifiers are told. */
export interface CertificateStates {
  /** Whether an issued certificate was revoked; undefined if none has this serial. */
  status(serial: string): Promise<CertificateStatus | undefined>;
  revokedBy(issuer: IssuerName): Promise<RevokedEntry[]>;
  /** How often this issuer's were revoked, put on hold or taken off it. */
  revocations(issuer: IssuerName): Promise<number>;
}
