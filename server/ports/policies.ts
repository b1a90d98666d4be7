import type { PublicKeyInfo } from '../../core/spki.ts';

export type KeyType = PublicKeyInfo['type'];
export const KEY_TYPES = ['P-256', 'P-384', 'RSA', 'Ed25519'] as const satisfies readonly KeyType[];

/** What may be bound, and how. What is left out is as it is without a policy. */
export interface Policy {
  /** Models, as the maker's list names them; a row without a model is of none. */
  readonly models?: readonly string[];
  readonly keyTypes?: readonly KeyType[];
  /** Whether a request that could be a copy binds by itself, or waits for a person. */
  readonly possession?: 'bind' | 'hold';
  /** Whether a person has to look at every registration. */
  readonly approval?: 'never' | 'always';
  /** Whether a bound device may take another key by itself: its row vouches for the one before. Refused if left out. */
  readonly rekey?: 'allow' | 'refuse';
  /** Life of a certificate, days. */
  readonly validityDays?: number;
  /** Most live bindings. */
  readonly quota?: number;
  /** Subject of certificates: `CN=<udid>,O=<domain>` without one. */
  readonly subject?: string;
}

export interface KeptPolicy {
  readonly org: string;
  /** Null for every domain of the organisation. */
  readonly domain: string | null;
  readonly policy: Policy;
}

export interface Policies {
  ofOrg(org: string): Promise<KeptPolicy[]>;
  save(kept: KeptPolicy, by: string, at: string): Promise<void>;
  /** False if there was none. */
  remove(org: string, domain: string | null): Promise<boolean>;
}
