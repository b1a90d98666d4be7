import type { ListRow } from '../../contract/list-row.ts';
import type { OrgName } from './issuer-name.ts';

/** Setting that names the life of the database whose numbers phones keep. */
export const LIST_LIFE = 'list life';

/** One change of the list, as an organisation's phones are told. */
export interface ListChange {
  /** Its number: each is larger than those before it in its scope. */
  readonly n: number;
  /**
   * `there`: a row has this digest. `gone`: none has it any more. `moved`: the row was this organisation's and is
   * another's.
   */
  readonly is: 'there' | 'gone' | 'moved';
  readonly digest: Uint8Array;
  /** The row, if it is this organisation's own and among its newest. */
  readonly row?: ListRow;
}

/** The maker's list as phones take it along: a digest for each row, computed when the row is written. */
export interface ListFeed {
  /** Salt of the digests. It is no secret: every phone has it. */
  salt(): Promise<string>;
  /** Number of the newest change. */
  newest(scope: string): Promise<number>;
  /** What has gone before this number is forgotten: a phone that is not there yet begins anew. */
  forgottenBefore(scope: string): Promise<number>;
  /** Whether every row has its digest, in every scope. */
  isWhole(): Promise<boolean>;
  /** The number after which an organisation's rows are among its newest ones, so many as these. */
  newestFrom(org: OrgName, count: number): Promise<number>;
  /**
   * Changes after `n`, in their order. Of the organisation's own rows those after `plainFrom` come as rows. What had gone
   * by `since` is left out.
   */
  after(
    scope: string,
    org: OrgName,
    n: number,
    limits: { readonly changes: number; readonly plainFrom: number; readonly since?: number },
  ): Promise<ListChange[]>;
  /** Some digests of the scope, in no order. */
  digests(
    scope: string,
    after: number,
    limit: number,
  ): Promise<{ readonly n: number; readonly digest: Uint8Array }[]>;
  /** Computes the digests of some rows that have none. Returns how many. */
  digestSome(limit: number): Promise<number>;
}
