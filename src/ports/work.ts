import type { ListChanges } from '../../contract/list-changes.ts';
import type { ListRow } from '../../contract/list-row.ts';
import type { Credential } from '../../contract/operator.ts';
import type { WorkPack } from '../../contract/work-pack.ts';
import type { Signer } from '../../core/crypto.ts';
import type { StatementKeys } from '../../core/statement.ts';

/** The maker's list of one organisation as this phone has it. */
export interface PackList {
  readonly cursor: string;
  readonly etag: string;
  readonly salt: string;
  /** Nothing is missing: a device that is not here is on no list. Else the backend may know more. */
  readonly whole: boolean;
  /** Number of digests. */
  readonly size: number;
  /** The organisation's own rows, as many as a phone takes along. */
  readonly rows: readonly ListRow[];
  /** Whether some row has this digest. */
  has(digest: string): Promise<boolean>;
}

/** One verified answer about the list: what changed, and the digests it names, as bytes. */
export interface ListPart {
  readonly org: string;
  readonly changes: ListChanges;
  readonly digests: Uint8Array;
  readonly etag: string;
}

/**
 * A verified work pack on this phone, with the digest and the ETag it is known by. The ETag is empty where the key that signed
 * it has ended since: it serves until the next contact, which brings another one.
 */
export interface StoredPack {
  readonly pack: WorkPack;
  readonly digest: string;
  readonly etag: string;
  /** Its list, which comes apart from it. Absent in a pack from before that, which has its list inside. */
  readonly list?: PackList;
}

/** The enrolled operator key. `persistent` is false where the browser could not store it (private mode): send before closing. */
export interface Enrolment {
  readonly credential: Credential;
  readonly credentialDigest: string;
  readonly signer: Signer;
  readonly epoch: string;
  readonly persistent: boolean;
}

/** What the phone carries to work without signal. Rejects with StorageError only. */
export interface WorkStore {
  enrolment(): Promise<Enrolment | undefined>;
  packs(): Promise<readonly StoredPack[]>;
  savePack(jws: string, stored: StoredPack): Promise<void>;
  /** Takes over what changed in a list. Safe to repeat. */
  saveList(part: ListPart): Promise<void>;
  /** Forgets the packs of every other organisation: this person does not work there (any more). */
  keepPacksOf(orgs: readonly string[]): Promise<void>;
  statementKeys(): Promise<StatementKeys>;
  saveStatementKeys(keys: StatementKeys): Promise<void>;
  /** Digest of the newest server-signed statement on this phone: receipt, pack or credential. */
  newestStatement(): Promise<string | undefined>;
}
