import type { OrgName } from './issuer-name.ts';

/** One thing that happened, in names and digests. Never contains a secret, a token or a label's text. */
export interface AuditFacts {
  readonly at: string;
  /** Step of a registration's way, `7 sync`, and what happened, `received`. */
  readonly step: string;
  readonly event: string;
  /** The operator, or the part of this system, that did it. */
  readonly actor: string;
  readonly org: OrgName | null;
  /** The record, device or certificate that it was done to. */
  readonly subject: string;
  readonly detail: string;
}

/** One line of the trail. Each writer has a chain of its own: `n` counts in it, `hash` covers everything and `prev`. */
export interface AuditEntry extends AuditFacts {
  readonly writer: string;
  readonly n: number;
  readonly prev: string;
  readonly hash: string;
  /** Random, base64url; '' in entries of older versions. It stays with the entry, and leaves with it only. */
  readonly salt: string;
}

/** How far a writer's chain goes, and the hash of its entry there. */
export interface AuditHead {
  readonly writer: string;
  readonly n: number;
  readonly hash: string;
}

/** A signed statement of how far chains went. `heads`: those that grew since the seal before, by writer. */
export interface AuditSeal {
  readonly n: number;
  readonly heads: readonly AuditHead[];
  readonly jws: string;
}

export interface AuditLog {
  /** Appends to this process's chain, at the end of the surrounding transaction. Throws outside one. */
  append(facts: AuditFacts): Promise<void>;
  /** Entries by writer and number, from behind this place. */
  after(place: Pick<AuditHead, 'writer' | 'n'> | undefined, limit: number): Promise<AuditEntry[]>;
  /** Ids of the records that name this device, of whichever maker: a record of a label may name none. */
  recordsOf(udid: string): Promise<string[]>;
  lastSeal(): Promise<AuditSeal | undefined>;
  sealsAfter(n: number, limit: number): Promise<AuditSeal[]>;
  /** Heads of chains that grew since they were last sealed, by writer. */
  unsealed(limit: number): Promise<AuditHead[]>;
  /** How far each chain was ever sealed, as its head remembers: writer and number. */
  sealed(): Promise<Pick<AuditHead, 'writer' | 'n'>[]>;
  /** Keeps a seal; false if its number is taken, by another process. */
  keepSeal(seal: AuditSeal, at: string): Promise<boolean>;
}
