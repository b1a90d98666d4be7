import type { DomainName } from '../../core/name.ts';
import type { OrgName } from './issuer-name.ts';

export interface Domain {
  readonly name: DomainName;
  readonly org: OrgName;
  readonly title: string;
}

export interface Site {
  readonly id: string;
  readonly title: string;
  /** Degrees (WGS 84). */
  readonly location?: { readonly latitude: number; readonly longitude: number };
}

export interface Domains {
  domain(name: string): Promise<Domain | undefined>;
  ofOrg(org: OrgName): Promise<Domain[]>;
  domains(): Promise<Domain[]>;
  saveDomain(domain: Domain, at: string): Promise<void>;
  /** Domains equal to, above or below `name` in the DNS tree. */
  overlapping(name: DomainName): Promise<Domain[]>;
  /** Those that are open, as many as a pack takes. */
  sites(domain: string): Promise<Site[]>;
  countSites(domain: string): Promise<number>;
  /** A closed one too. */
  site(domain: string, id: string): Promise<(Site & { readonly closed: boolean }) | undefined>;
  /** Makes a site, renames it, or opens it again. Without a location it keeps the one that it has. */
  saveSite(domain: string, site: Site): Promise<void>;
  /** It leaves the packs; what stands there stays there. */
  closeSite(domain: string, id: string, at: string): Promise<void>;
}
