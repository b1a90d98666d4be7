const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Lifetimes of certificates in milliseconds. */
export interface CertificatePolicy {
  /** How far `notBefore` lies in the past, since devices with a slow clock must accept the certificate at once. */
  readonly backdate: number;
  readonly device: number;
  readonly issuing: number;
  readonly root: number;
}

export const DEFAULT_POLICY: CertificatePolicy = {
  backdate: HOUR,
  device: 365 * DAY,
  issuing: 10 * 365 * DAY,
  root: 20 * 365 * DAY,
};
