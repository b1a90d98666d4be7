import type { Credential } from '../../contract/operator.ts';
import type { WorkPack } from '../../contract/work-pack.ts';
import type { Signer } from '../../core/crypto.ts';
import type { StatementKeys } from '../../core/statement.ts';

/**
 * A verified work pack on this phone, with the digest and the ETag it is known by. The ETag is empty where the key that signed
 * it has ended since: it serves until the next contact, which brings another one.
 */
export interface StoredPack {
  readonly pack: WorkPack;
  readonly digest: string;
  readonly etag: string;
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
  /** Forgets the packs of every other organisation: this person does not work there (any more). */
  keepPacksOf(orgs: readonly string[]): Promise<void>;
  statementKeys(): Promise<StatementKeys>;
  saveStatementKeys(keys: StatementKeys): Promise<void>;
  /** Digest of the newest server-signed statement on this phone: receipt, pack or credential. */
  newestStatement(): Promise<string | undefined>;
}
