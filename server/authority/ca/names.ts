import { distinguishedName } from '../../x509/x509-name.ts';

/** Roots; no organisation may take their names. */
export const ROOTS = { real: 'root', training: 'training-root' } as const;

/** Subject of a CA: what certificates and CRLs of it name as issuer, the same in every generation. */
export function authorityName(name: string): Uint8Array {
  return distinguishedName('Fieldbind', `${name} CA`);
}

/** Name of an issuing CA by generation, in addresses and in the vault. No organisation's own name has an underscore. */
export function generationName(org: string, generation: number): string {
  return generation === 1 ? org : `${org}_${generation}`;
}

export function rootOf({ training }: { readonly training: boolean }): string {
  return training ? ROOTS.training : ROOTS.real;
}

export function mayBeOrg(name: string): boolean {
  const reserved: readonly string[] = Object.values(ROOTS);
  return /^[a-z][a-z0-9-]{1,30}$/.test(name) && !reserved.includes(name);
}
