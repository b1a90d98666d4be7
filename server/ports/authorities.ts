import type { IssuerName, OrgName } from './issuer-name.ts';

/** A CA's certificates; its key lies in the vault under the same name. */
export interface Authority {
  readonly name: IssuerName;
  /** Whose devices it issues to; null for a root. */
  readonly org: OrgName | null;
  /** 1, and one more with every rotation. */
  readonly generation: number;
  /** Name of the root that signed it; null for a root. */
  readonly root: string | null;
  /** Certificate signed by the root (a root's own, signed by itself), DER. */
  readonly certificate: Uint8Array;
  /** Same key and subject, signed by itself, DER. */
  readonly anchor: Uint8Array;
  readonly notAfter: string;
  /** What leads from this one to its predecessor's anchor and back; null for the first. */
  readonly crossed: Crossed | null;
  /** Set once a successor issues in its place. */
  readonly replaced: Replaced | null;
}

/** Cross certificates of one rotation, DER (RFC 4210 section 4.4): same name, the one's key signed by the other's. */
export interface Crossed {
  readonly newWithOld: Uint8Array;
  readonly oldWithNew: Uint8Array;
}

export interface Replaced {
  readonly at: string;
  /** None of its certificates lives longer: until then it signs CRLs, and verifiers are told of it. */
  readonly until: string;
}

export interface Authorities {
  /** By any text: it is one of our CAs' names if this finds something. */
  authority(name: string): Promise<Authority | undefined>;
  authorities(): Promise<Authority[]>;
  /** Issuing CAs of an organisation, the first one first. */
  ofOrg(org: OrgName): Promise<Authority[]>;
  saveAuthority(authority: Authority): Promise<void>;
  replace(name: IssuerName, replaced: Replaced): Promise<void>;
}

/** Of an organisation's generations the newest, and those whose certificates may still live, the newest first. */
export function liveOnes(generations: readonly Authority[], now: number): Authority[] {
  return generations
    .filter(({ replaced }) => replaced === null || Date.parse(replaced.until) > now)
    .toSorted((a, b) => b.generation - a.generation);
}
