import type { IssuerName, OrgName } from './issuer-name.ts';

/** What stands in place of a root's name where the root is not ours. No organisation and no key can be called so. */
export const FOREIGN_ROOT = '@foreign';

/** A CA's certificates; its key lies in the vault under the same name. */
export interface Authority {
  readonly name: IssuerName;
  /** The organisation whose devices it issues to; null for a root. */
  readonly org: OrgName | null;
  /** Starts at 1 and grows by one with every rotation. */
  readonly generation: number;
  /** Name of the root that signed it, or FOREIGN_ROOT; null for a root. */
  readonly root: string | null;
  /** Where the root is not ours: every certificate above this one, the root last, DER. */
  readonly above?: readonly Uint8Array[];
  /** Certificate signed by the root (a root's own, signed by itself), DER. */
  readonly certificate: Uint8Array;
  /** Same key and subject, signed by itself, DER. */
  readonly anchor: Uint8Array;
  readonly notAfter: string;
  /** Cross certificates between this generation and its predecessor; null for the first. */
  readonly crossed: CrossCertificates | null;
  /** Set once a successor issues in its place. */
  readonly replaced: Replacement | null;
}

/** Cross certificates of one rotation, DER (RFC 4210 section 4.4): same name, the one's key signed by the other's. */
export interface CrossCertificates {
  readonly newWithOld: Uint8Array;
  readonly oldWithNew: Uint8Array;
}

export interface Replacement {
  readonly at: string;
  /** The last of its certificates ends by then. Until then it signs CRLs, and verifiers are told about it. */
  readonly until: string;
}

export interface Authorities {
  /** Takes any text: a text that finds a CA is the name of one. */
  authority(name: string): Promise<Authority | undefined>;
  authorities(): Promise<Authority[]>;
  /** Issuing CAs of an organisation, the first one first. */
  ofOrg(org: OrgName): Promise<Authority[]>;
  saveAuthority(authority: Authority): Promise<void>;
  replace(name: IssuerName, replaced: Replacement): Promise<void>;
}

/** The newest of an organisation's generations, and those whose certificates may still be valid; the newest first. */
export function liveOnes(generations: readonly Authority[], now: number): Authority[] {
  return generations
    .filter(({ replaced }) => replaced === null || Date.parse(replaced.until) > now)
    .toSorted((a, b) => b.generation - a.generation);
}
