import type { PublicJwk } from '../../contract/public-jwk.ts';

export interface OperatorKey {
  /** JWK thumbprint (RFC 7638). */
  readonly kid: string;
  readonly operator: string;
  readonly jwk: PublicJwk;
  readonly enrolledAt: string;
  readonly revokedAt: string | null;
  /** The chain head that was reported before the revocation. Records that hash-link to it were captured before. */
  readonly covered: { readonly seq: number; readonly digest: string } | null;
}

/** The period in which a capture credential covered its key. */
export interface CredentialPeriod {
  readonly kid: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly maxOfflineSeconds: number;
}

export interface OperatorKeys {
  key(kid: string): Promise<OperatorKey | undefined>;
  saveKey(key: Pick<OperatorKey, 'kid' | 'operator' | 'jwk' | 'enrolledAt'>): Promise<void>;
  /** The operator's key enrolled last, other than `kid`. */
  previous(operator: string, kid: string): Promise<string | undefined>;
  /** All of the operator's, the newest first. */
  ofOperator(operator: string): Promise<OperatorKey[]>;
  /** Revokes one key and fixes the head reported so far; false if it is not the operator's, or is revoked. */
  revokeKey(kid: string, operator: string, at: string): Promise<boolean>;
  /** Revokes every key of the operator and fixes the heads reported so far. Returns how many keys. */
  revokeKeys(operator: string, at: string): Promise<number>;
  credentials(kid: string): Promise<CredentialPeriod[]>;
  saveCredential(digest: string, period: CredentialPeriod): Promise<void>;
}

/** What a phone last reported about its own chain. */
export interface ReportedHead {
  readonly kid: string;
  readonly seq: number;
  readonly digest: string | null;
  readonly epoch: string;
  readonly unsent: number;
  readonly oldestUnsentAt: string | null;
  readonly persisted: boolean | null;
  readonly reportedAt: string;
}

export interface Heads {
  report(head: ReportedHead): Promise<void>;
  head(kid: string): Promise<ReportedHead | undefined>;
}
