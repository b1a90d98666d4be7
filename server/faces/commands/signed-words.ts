import type { SignedList } from '../../ports/crls.ts';

/** Which CRL holds what was just done: of the issuing CA that signed the certificate, replaced or not. */
export function signedWords({ issuer, number }: SignedList): string {
  return `CRL ${number} of ${issuer} is signed`;
}
