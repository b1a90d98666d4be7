import type { IssuerName, OrgName } from './issuer-name.ts';

export interface StoredCrl {
  readonly issuer: IssuerName;
  readonly number: number;
  readonly der: Uint8Array;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  /** What CertificateStates.revocations said before its entries were read. */
  readonly revocations: number;
}

/** A CRL by its issuing CA and number, for whoever is told that it was signed. */
export type SignedList = Pick<StoredCrl, 'issuer' | 'number'>;

/** The CRLs of our issuing CAs, each signed anew where something was revoked since or its end is near. */
export interface RevocationLists {
  /** Undefined where the list is not ours to sign. */
  current(issuer: IssuerName): Promise<StoredCrl | undefined>;
  /** Those of every generation of an organisation whose certificates may live; undefined where one is missing. */
  ofOrg(org: OrgName): Promise<readonly StoredCrl[] | undefined>;
  /**
   * To be called by whoever revoked a certificate, put it on hold or released it, after that is durable, with the issuing
   * CAs that the stores named (ports/certificates.ts). Left out are those whose list is not ours to sign.
   */
  publish(issuers: readonly IssuerName[]): Promise<readonly SignedList[]>;
}

/** The CRL each issuing CA signed last. */
export interface Crls {
  crl(issuer: IssuerName): Promise<StoredCrl | undefined>;
  saveCrl(crl: StoredCrl): Promise<void>;
}
