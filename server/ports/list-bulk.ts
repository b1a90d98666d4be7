import type { KeptRow } from './maker-list.ts';

/** A device's name on the list. */
export interface RowName {
  readonly maker: string;
  readonly udid: string;
}

/** Many rows of the maker's list at once: to import, to export, to hand on. */
export interface ListBulk {
  /** Rows with these names, whoever imported them. */
  named(scope: string, names: readonly RowName[]): Promise<KeptRow[]>;
  /** Rows with one of these public keys, or of these TPMs (SHA-256 of the endorsement key). */
  keyed(scope: string, publicKeys: readonly string[], tpms: readonly string[]): Promise<KeptRow[]>;
  /** Each name once. A row that is there is replaced. */
  put(rows: readonly KeptRow[]): Promise<void>;
  /** Said after the list has grown by much, so that the database takes note of its size. */
  grown(): Promise<void>;
  /** An organisation's rows by name, after this one. */
  page(org: string, after: RowName | undefined, limit: number): Promise<KeptRow[]>;
  /** The same, of those only that were imported before this instant and never bound, under any binding. */
  unused(org: string, before: string, after: RowName | undefined, limit: number): Promise<KeptRow[]>;
}
