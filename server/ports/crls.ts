export interface StoredCrl {
  readonly issuer: string;
  readonly number: number;
  readonly der: Uint8Array;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  /** What Certificates.revocations said before its entries were read. */
  readonly revocations: number;
}

/** The CRL each issuing CA signed last. */
export interface Crls {
  crl(issuer: string): Promise<StoredCrl | undefined>;
  saveCrl(crl: StoredCrl): Promise<void>;
}
