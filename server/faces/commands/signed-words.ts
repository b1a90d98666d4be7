import type { SignedCrl } from '../../ports/crls.ts';

/** Names the CRL that shows what was just done. It is signed by the issuing CA of the certificate, which may have been replaced. */
export function signedWords({ issuer, number }: SignedCrl): string {
  return `CRL ${number} of ${issuer} is signed`;
}
