import type { OrgName } from './issuer-name.ts';

/**
 * A record that would bind a device whose list row is another organisation's. It is held until that organisation's
 * people release the row or refuse. A claim is open as long as its record is held for this.
 */
export interface RowClaim {
  readonly record: string;
  /** Whose row it is. */
  readonly owner: OrgName;
  readonly claimant: OrgName;
  readonly scope: string;
  readonly maker: string;
  readonly udid: string;
  readonly openedAt: string;
}

export interface RowClaims {
  open(claim: RowClaim): Promise<void>;
  /** The open claim of this record. */
  ofRecord(record: string): Promise<RowClaim | undefined>;
  /** Open claims on an organisation's rows, one for each claimant and row: of more than `limit` some of every claiming person. */
  ofOwner(owner: OrgName, limit: number): Promise<RowClaim[]>;
  /** Open claims on one row, of every claimant. */
  on(row: Pick<RowClaim, 'scope' | 'maker' | 'udid'>): Promise<RowClaim[]>;
}
