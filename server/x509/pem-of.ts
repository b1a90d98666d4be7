import { toPem } from '../../core/pem.ts';

/** Concatenates certificates as PEM. */
export function pemOf(certificates: readonly Uint8Array[]): string {
  return certificates.map((der) => toPem('CERTIFICATE', der)).join('');
}
