import type { Authority } from '../../ports/authorities.ts';
import type { CertificateAuthority, Issuer } from '../../ports/certificate-authority.ts';
import type { IssuerName, OrgName } from '../../ports/issuer-name.ts';
import type { KeyVault } from '../../ports/signer.ts';
import type { Needs } from '../../ports/stores.ts';
import { type IssuerParts, issuerOf, type OpenedKey, templateOf } from './issuer.ts';
import { openKey } from './open-key.ts';
import { bundleOf } from './trust.ts';

/**
 * How long a process caches an organisation's CAs, in milliseconds, since another process may rotate them. What the
 * old CA signs meanwhile is still good (generation.ts).
 */
const CACHED_FOR = 5_000;

export interface AuthorityParts extends IssuerParts {
  readonly vault: KeyVault;
  readonly stores: Needs<'authorities'>;
}

/** The CA: signs what the RA recorded, with the issuing keys of the organisation in question. */
export function certificateAuthority(parts: AuthorityParts): CertificateAuthority {
  const keys = new Map<string, OpenedKey>();
  const orgs = new Map<string, { readonly at: number; readonly issuers: readonly Issuer[] }>();
  const orgOf = new Map<IssuerName, OrgName>();

  async function open(authority: Authority): Promise<OpenedKey | undefined> {
    const cached = keys.get(authority.name);
    if (cached !== undefined) return cached;
    const key = await openKey(authority, parts.vault);
    if (key === undefined) return undefined;
    const opened = { key, template: templateOf(authority, key, parts) };
    keys.set(authority.name, opened);
    return opened;
  }

  /** The issuing CAs of an organisation whose keys this installation has, the oldest first. */
  async function issuers(org: OrgName): Promise<readonly Issuer[]> {
    const now = parts.clock.now();
    const cached = orgs.get(org);
    if (cached !== undefined && Math.abs(now - cached.at) < CACHED_FOR) return cached.issuers;
    const generations = await parts.stores.authorities.ofOrg(org);
    const found: Issuer[] = [];
    for (const authority of generations) {
      const opened = await open(authority);
      if (opened !== undefined) found.push(issuerOf({ ...authority, org }, opened, generations, parts));
    }
    if (found.length > 0) orgs.set(org, { at: now, issuers: found });
    return found;
  }

  return {
    async issuer(org) {
      return (await issuers(org)).findLast(({ replaced }) => !replaced);
    },
    async issuerNamed(name) {
      // A root issues nothing to devices, whatever name it is looked up by: it has no organisation.
      const org = orgOf.get(name) ?? (await parts.stores.authorities.authority(name))?.org ?? undefined;
      if (org === undefined) return undefined;
      orgOf.set(name, org);
      return (await issuers(org)).find((issuer) => issuer.name === name);
    },
    async bundle(org) {
      return bundleOf(await parts.stores.authorities.ofOrg(org), parts.clock.now());
    },
  };
}
