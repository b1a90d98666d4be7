import type { ListRow } from '../../contract/list-row.ts';

/** How far a phone is with the list of one organisation. */
export interface ListHead {
  readonly org: string;
  readonly cursor: string;
  readonly etag: string;
  readonly salt: string;
  /** Everything has come that there was. */
  readonly whole: boolean;
  /** Digests, as far as they were counted. */
  readonly size: number;
}

/** The rows that a phone keeps as they are, in the order in which they came. */
export interface PlainRow {
  readonly org: string;
  readonly digest: string;
  readonly row: ListRow;
}
