import type { IssuerName, OrgName } from './issuer-name.ts';

/** Roots; no organisation may take their names. */
export const ROOTS = { real: 'root' as IssuerName, training: 'training-root' as IssuerName };

/** Name of an issuing CA by generation, in addresses and in the vault. No organisation's own name has an underscore. */
export function generationName(org: OrgName, generation: number): IssuerName {
  return (generation === 1 ? org : `${org}_${generation}`) as IssuerName;
}

/** The name of an issuing CA in an address: whether there is one is another question. */
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
