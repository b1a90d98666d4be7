import type { StatementType } from '../../contract/statement.ts';

export interface StatementKeyRow {
  readonly kid: string;
  /** `statement-key+jws`, signed by the predecessor (the first by itself). */
  readonly jws: string;
  readonly from: string;
}

export interface StatementKeyEndRow {
  readonly kid: string;
  /** `statement-key-end+jws`, signed by a later key. */
  readonly jws: string;
  readonly at: string;
}

/** What the statement key signed, and when. A record's `anchor` names one of these statements, and so proves its not-before. */
export interface StatementLog {
  /** Oldest first. */
  keys(): Promise<StatementKeyRow[]>;
  saveKey(key: StatementKeyRow): Promise<void>;
  /** Ends of keys, oldest first. */
  ends(): Promise<StatementKeyEndRow[]>;
  /** False if the key has ended already. */
  saveEnd(end: StatementKeyEndRow): Promise<boolean>;
  log(digest: string, typ: StatementType, at: string): Promise<void>;
  issuedAt(digest: string): Promise<string | undefined>;
}
