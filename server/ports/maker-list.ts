import type { ListRow } from '../../contract/list-row.ts';
import type { OrgName } from './issuer-name.ts';

/** A list row with its origin. */
export interface StoredRow {
  readonly scope: string;
  readonly org: OrgName;
  readonly row: ListRow;
  readonly importedBy: string;
  readonly importedAt: string;
  /** SHA-256 of the maker's key that signed the imported file; null if none did. */
  readonly signedBy: string | null;
  /** The maker that the device was handed on to. */
  readonly handedTo: string | null;
}

/** The maker's list. Scope: see ports/orgs.ts. */
export interface MakerList {
  row(scope: string, maker: string, udid: string): Promise<ListRow | undefined>;
  /** A few rows: enough to see that the UDID alone does not identify a device. */
  byUdid(scope: string, udid: string): Promise<ListRow[]>;
  byKey(scope: string, publicKey: string): Promise<ListRow[]>;
  ofOrg(org: OrgName, limit: number): Promise<StoredRow[]>;
  /** UDID and key of the rows in this scope that other organisations imported. */
  foreign(scope: string, org: OrgName, limit: number): Promise<{ udid: string; publicKey: string | null }[]>;
  /** Keeps only the newest `keep` rows of an organisation. */
  trim(org: OrgName, keep: number): Promise<void>;
}
