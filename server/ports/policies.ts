import type { PublicKeyInfo } from '../../core/spki.ts';
import type { OrgName } from './issuer-name.ts';

export type KeyType = PublicKeyInfo['type'];
export const KEY_TYPES = ['P-256', 'P-384', 'RSA', 'Ed25519'] as const satisfies readonly KeyType[];

/** What may be bound, and how. A field that is left out changes nothing. */
export interface Policy {
  /** Models as the maker's list names them. A row without a model matches none. */
  readonly models?: readonly string[];
  readonly keyTypes?: readonly KeyType[];
  /** Whether a request that could be a copy binds by itself, or is held for a person. */
  readonly possession?: 'bind' | 'hold';
  /** Whether a person has to look at every registration. */
  readonly approval?: 'never' | 'always';
  /** Whether a bound device may take another key by itself, although its row vouches for the first key. Refused if left out. */
  readonly rekey?: 'allow' | 'refuse';
  /** Lifetime of a certificate in days. */
  readonly validityDays?: number;
  /** Most live bindings that are allowed. */
  readonly quota?: number;
  /** Subject template of certificates; `CN=<udid>,O=<domain>` if left out. */
  readonly subject?: string;
}

export interface StoredPolicy {
  readonly org: OrgName;
  /** Null for every domain of the organisation. */
  readonly domain: string | null;
  readonly policy: Policy;
}

export interface Policies {
  ofOrg(org: OrgName): Promise<StoredPolicy[]>;
  save(entry: StoredPolicy, by: string, at: string): Promise<void>;
  /** False if there was none. */
  remove(org: OrgName, domain: string | null): Promise<boolean>;
}
