import type { IssuerName, OrgName } from './issuer-name.ts';

export interface StoredCrl {
  readonly issuer: IssuerName;
  readonly number: number;
  readonly der: Uint8Array;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  /** The value of CertificateStates.revocations before its entries were read. */
  readonly revocations: number;
}

/** Names a CRL by its issuing CA and number, to report that it was signed. */
export type SignedCrl = Pick<StoredCrl, 'issuer' | 'number'>;

/** The CRLs of our issuing CAs. Each is signed anew when something was revoked since, or its end is near. */
export interface RevocationLists {
  /** Undefined if we do not sign that CA's CRL. */
  current(issuer: IssuerName): Promise<StoredCrl | undefined>;
  /** The CRLs of every generation of an organisation whose certificates may still be valid; undefined if one is missing. */
  ofOrg(org: OrgName): Promise<readonly StoredCrl[] | undefined>;
  /**
   * Must be called by whoever revoked a certificate, put it on hold or released it, once that is durable, with the
   * issuing CAs that the stores returned (ports/certificates.ts). CAs whose CRL we do not sign are skipped.
   */
  publish(issuers: readonly IssuerName[]): Promise<readonly SignedCrl[]>;
}

/** The newest CRL of each issuing CA. */
export interface Crls {
  crl(issuer: IssuerName): Promise<StoredCrl | undefined>;
  saveCrl(crl: StoredCrl): Promise<void>;
  /** Until when each of them is good, without the lists themselves. */
  ends(): Promise<readonly Pick<StoredCrl, 'issuer' | 'nextUpdate'>[]>;
}
