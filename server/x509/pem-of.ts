import { toPem } from '../../core/pem.ts';

/** Certificates one after another, PEM. */
export function pemOf(certificates: readonly Uint8Array[]): string {
  return certificates.map((der) => toPem('CERTIFICATE', der)).join('');
}
