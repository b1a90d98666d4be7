/** The certificate by which an issuing CA lets another key answer for it (RFC 6960 section 4.2.2.2); the key is in the vault. */
export interface Responder {
  readonly issuer: string;
  readonly certificate: Uint8Array;
  readonly notAfter: string;
}

export interface Responders {
  responder(issuer: string): Promise<Responder | undefined>;
  saveResponder(responder: Responder): Promise<void>;
}
