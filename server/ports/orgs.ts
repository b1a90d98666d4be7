import type { OrgName } from './issuer-name.ts';

/** An organisation: the tenant that records, domains, lists and the issuing CA belong to. */
export interface Org {
  readonly name: OrgName;
  readonly title: string;
  readonly training: boolean;
  /** 32 random bytes, base64url: salt of the row digests in this organisation's packs. */
  readonly salt: string;
}

export interface Orgs {
  org(name: string): Promise<Org | undefined>;
  orgs(): Promise<Org[]>;
  saveOrg(org: Org, at: string): Promise<void>;
}

/**
 * Lists are stored per scope: one scope for all real organisations together, one for each training organisation, so
 * that a row added for practice says nothing about a real device. A device has at most one live binding over all
 * scopes.
 */
export function scopeOf(org: Pick<Org, 'name' | 'training'>): string {
  return org.training ? `training:${org.name}` : REAL_SCOPE;
}

export const REAL_SCOPE = 'real';
