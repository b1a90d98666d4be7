import type { IssuerName } from './issuer-name.ts';

/**
 * The certificate by which an issuing CA lets another key answer OCSP for it (RFC 6960 section 4.2.2.2). That key is
 * in the vault.
 */
export interface Responder {
  readonly issuer: IssuerName;
  readonly certificate: Uint8Array;
  readonly notAfter: string;
}

export interface Responders {
  responder(issuer: IssuerName): Promise<Responder | undefined>;
  saveResponder(responder: Responder): Promise<void>;
}
