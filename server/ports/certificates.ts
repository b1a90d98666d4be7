import type { Intent, RevocationReason, RevokedEntry, SignedCertificate } from './certificate-authority.ts';

/** What is about to be signed. Finished or abandoned at the next start if the process ended in between. */
export interface Intents {
  intend(intent: Intent, binding: string): Promise<void>;
  ofBinding(binding: string): Promise<Intent | undefined>;
  unfinished(): Promise<{ readonly intent: Intent; readonly binding: string }[]>;
  abandon(serial: string): Promise<void>;
}

export interface StoredCertificate {
  readonly serial: string;
  readonly issuer: string;
  readonly binding: string;
  readonly fingerprint: string;
  readonly der: Uint8Array;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly revokedAt: string | null;
}

export interface CertificateStatus {
  readonly issuer: string;
  readonly revoked: { readonly at: string; readonly reason: RevocationReason } | undefined;
}

export interface Certificates {
  /** Completes an intent; its row must exist. */
  issue(serial: string, signed: SignedCertificate): Promise<void>;
  byFingerprint(fingerprint: string): Promise<StoredCertificate | undefined>;
  /** The newest one of a binding, revoked or not. */
  newest(binding: string): Promise<StoredCertificate | undefined>;
  /** Whether an issued certificate was revoked; undefined if none has this serial. */
  status(serial: string): Promise<CertificateStatus | undefined>;
  /** Every one issued for a binding, newest first. */
  ofBinding(binding: string): Promise<StoredCertificate[]>;
  /** Every one of a binding that is not revoked yet. */
  revokeAll(binding: string, at: string, reason: RevocationReason): Promise<void>;
  revoke(serial: string, at: string, reason: RevocationReason): Promise<void>;
  revokedBy(issuer: string): Promise<RevokedEntry[]>;
  /** When this issuer's newest revocation was. */
  lastRevocation(issuer: string): Promise<string | undefined>;
}
