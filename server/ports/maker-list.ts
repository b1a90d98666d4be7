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

/** A row with whose it is, and what ranks it among rows of other organisations. */
export type OwnedRow = Omit<StoredRow, 'scope' | 'importedBy'>;

/** Whether a row counts before another one: what a maker signed before what nobody signed, then what stood there first. */
export function countsBefore(one: OwnedRow, other: OwnedRow): boolean {
  if ((one.signedBy === null) !== (other.signedBy === null)) return one.signedBy !== null;
  return one.importedAt < other.importedAt;
}

/** The row of this organisation, if it has one, else the one that counts before the others. */
export function speaking(rows: readonly OwnedRow[], org: OrgName | undefined): OwnedRow | undefined {
  const own = rows.find((one) => one.org === org);
  return (
    own ??
    rows.reduce(
      (best: OwnedRow | undefined, one) => (best && !countsBefore(one, best) ? best : one),
      undefined,
    )
  );
}

/** The maker's list. Scope: see ports/orgs.ts. Several organisations may have rows of one name. */
export interface MakerList {
  /** This organisation's row of that name, if it has one; else the one that counts before the others. */
  row(scope: string, maker: string, udid: string, org?: OrgName): Promise<ListRow | undefined>;
  /** Rows with this UDID, of every maker and organisation. */
  ofUdid(scope: string, udid: string): Promise<OwnedRow[]>;
  /** Rows that are anchored by this key, of every organisation. */
  ofKey(scope: string, publicKey: string): Promise<OwnedRow[]>;
  /** A few rows: enough to see that the UDID alone does not identify a device. */
  byUdid(scope: string, udid: string): Promise<ListRow[]>;
  byKey(scope: string, publicKey: string): Promise<ListRow[]>;
  ofOrg(org: OrgName, limit: number): Promise<StoredRow[]>;
  /** Gives an organisation's row to another one, in the place of a row of that name which that one may have. */
  move(scope: string, name: Pick<ListRow, 'maker' | 'udid'>, from: OrgName, to: OrgName): Promise<void>;
  /** Keeps only the newest `keep` rows of an organisation. */
  trim(org: OrgName, keep: number): Promise<void>;
}
