import type { IssuedCertificate } from '../../contract/change.ts';

/** Why a certificate must not be written into this device. */
export type CertificateFault =
  | 'certificate_malformed'
  | 'certificate_chain_invalid'
  | 'certificate_key_mismatch'
  | 'certificate_domain_mismatch'
  | 'certificate_expired'
  | 'certificate_revoked'
  | 'certificate_fingerprint_mismatch';

/** Step 10's check on the phone, offline: chain, key, domain, time, revocation. Never rejects. */
export type CheckCertificate = (
  issued: IssuedCertificate,
  expected: {
    readonly udid: string;
    readonly domain: string;
    /** The device's SubjectPublicKeyInfo, DER, as read from it just now. */
    readonly deviceKey: Uint8Array;
    /** The organisation's trust bundle, PEM. */
    readonly bundlePem: string;
    /** The issuing CA's revocation list, DER. */
    readonly crl: Uint8Array;
    readonly now: number;
  },
) => Promise<CertificateFault | null>;
