import type { EntryReason } from './certificate-authority.ts';
import type { IssuerName } from './issuer-name.ts';

/**
 * A certificate that one of our issuing CAs signed and the database does not know, since it was put back to an older copy.
 * `der` and the name are null where only its serial is known, from a CRL or from a person.
 */
export interface FoundCertificate {
  /** Lower-case hex, 32 characters. */
  readonly serial: string;
  readonly issuer: IssuerName;
  readonly der: Uint8Array | null;
  /** SHA-256 of `der`, hex. */
  readonly fingerprint: string | null;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly udid: string | null;
  readonly domain: string | null;
  /** SHA-256 of the device's SPKI, base64url. */
  readonly keyDigest: string | null;
  readonly revoked: { readonly at: string; readonly reason: EntryReason } | null;
  readonly foundAt: string;
  readonly foundBy: string;
}

/** Certificates that were found, until a binding takes them over. Their revocations count like any other. */
export interface FoundCertificates {
  bySerial(serial: string): Promise<FoundCertificate | undefined>;
  /** Whether any certificate waits here for its binding. */
  anyWaits(): Promise<boolean>;
  /** With this UDID or this key; those of which only the serial is known are in neither. */
  ofDevice(udid: string, keyDigest: string): Promise<FoundCertificate[]>;
  ofUdid(udid: string): Promise<FoundCertificate[]>;
  all(limit: number): Promise<FoundCertificate[]>;
  /** Keeps it, or replaces what is known of the same serial. Its revocation counts from this moment on. */
  keep(found: FoundCertificate): Promise<void>;
  /** Makes it a certificate of this binding. */
  adopt(
    found: FoundCertificate & { readonly der: Uint8Array; readonly fingerprint: string },
    binding: string,
  ): Promise<void>;
}
