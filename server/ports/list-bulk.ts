import type { OrgName } from './issuer-name.ts';
import type { StoredRow } from './maker-list.ts';

/** A device's name in the maker's list. */
export interface RowName {
  readonly maker: string;
  readonly udid: string;
}

/** Bulk access to the maker's list: to import, to export, to hand devices on. */
export interface ListBulk {
  /** Rows with these names, whoever imported them. */
  named(scope: string, names: readonly RowName[]): Promise<StoredRow[]>;
  /** Rows with one of these public keys, or of these TPMs (SHA-256 of the endorsement key). */
  keyed(scope: string, publicKeys: readonly string[], tpms: readonly string[]): Promise<StoredRow[]>;
  /** Inserts or replaces the rows. Each name may occur once. */
  put(rows: readonly StoredRow[]): Promise<void>;
  /** Must be called after the list has grown by much, so that the database updates its planner statistics. */
  grown(): Promise<void>;
  /** An organisation's rows by name, after the given one. */
  page(org: OrgName, after: RowName | undefined, limit: number): Promise<StoredRow[]>;
  /** The same, restricted to rows that were imported before this instant and never bound, under any binding. */
  unused(org: OrgName, before: string, after: RowName | undefined, limit: number): Promise<StoredRow[]>;
}
