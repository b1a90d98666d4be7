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
  /** `anchor` stands in for the pack where records name it, since the next pack takes the place of this one. */
  savePack(jws: string, stored: StoredPack, anchor?: SignedAnchor): Promise<void>;
  /** Takes over what changed in a list. Safe to repeat. */
  saveList(part: ListPart): Promise<void>;
  /** Forgets the packs of every other organisation: this person does not work there (any more). */
  keepPacksOf(orgs: readonly string[]): Promise<void>;
  statementKeys(): Promise<StatementKeys>;
  /** `chain`: the signed statements that led to them. */
  saveStatementKeys(keys: StatementKeys, chain?: readonly string[]): Promise<void>;
  /** What the next record names. */
  newestStatement(): Promise<NewestStatement | undefined>;
}

/**
 * The newest server-signed statement on this phone: receipt, anchor or credential, or the pack of a backend that gives no
 * anchors. `jws` where nothing else keeps it: then it is kept with the record that names it.
 */
export interface NewestStatement {
  readonly digest: string;
  readonly jws?: string;
}

/** A statement that says no more than when it was signed. */
export interface SignedAnchor {
  readonly digest: string;
  readonly jws: string;
}

/** What the backend signed for this phone, as it signed it: an older copy of its database may have to be told. */
export interface KeptStatements {
  /** Newer than what records named before. Nothing happens with the one that came last. */
  saveAnchor(anchor: SignedAnchor): Promise<void>;
  /** Those of these that records named. */
  anchors(digests: readonly string[]): Promise<readonly string[]>;
  /** Of every operator key that signed here, and what leads to the statement keys. */
  credentials(): Promise<readonly string[]>;
  statementChain(): Promise<readonly string[]>;
  packTexts(): Promise<readonly string[]>;
}
