import type { IssuerName, OrgName } from './issuer-name.ts';

/** Names of the roots, which no organisation may take. */
const ROOTS = { real: 'root' as IssuerName, training: 'training-root' as IssuerName };

/**
 * Name of an issuing CA by generation, in addresses and in the vault. The underscore keeps it apart: no
 * organisation's name has one.
 */
export function generationName(org: OrgName, generation: number): IssuerName {
  return (generation === 1 ? org : `${org}_${generation}`) as IssuerName;
}

/** Parses the name of an issuing CA in an address. The CA itself need not exist. */
export function parseIssuerName(text: string): IssuerName | undefined {
  return /^[a-z][a-z0-9-]{1,30}(?:_[1-9][0-9]{0,5})?$/.test(text) ? (text as IssuerName) : undefined;
}

export function rootOf({ training }: { readonly training: boolean }): IssuerName {
  return training ? ROOTS.training : ROOTS.real;
}

export function mayBeOrg(name: string): boolean {
  const reserved: readonly string[] = Object.values(ROOTS);
  return /^[a-z][a-z0-9-]{1,30}$/.test(name) && !reserved.includes(name);
}
