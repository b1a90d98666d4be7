const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What a certificate may be. Lengths in milliseconds. */
export interface CertificatePolicy {
  /** Devices with a clock behind ours must accept the certificate at once. */
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
