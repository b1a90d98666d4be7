import type { IssuerName, OrgName } from './issuer-name.ts';

const ROOTS = { real: 'root' as IssuerName, training: 'training-root' as IssuerName };

/**
 * Names in the vault and in addresses that are this installation's own. An organisation of such a name would share a key
 * with what is meant, since a vault's keys are found by name alone. This is the one list of them.
 */
const RESERVED: readonly RegExp[] = [
  /^(?:root|training-root)$/,
  /^statement(?:-.*)?$/,
  /^rescue(?:-.*)?$/,
  /^est-ca$/,
  /^ocsp(?:-.*)?$/,
];

/**
 * Name of an issuing CA by generation, in addresses and in the vault. The underscore keeps it apart: no
 * organisation's name has one.
 */
export function generationName(org: OrgName, generation: number): IssuerName {
  return (generation === 1 ? org : `${org}_${generation}`) as IssuerName;
}

/** Whose issuing CA it is that `generationName` named so. */
export function orgOf(issuer: IssuerName): OrgName {
  return issuer.replace(/_.*$/, '');
}

/** Parses the name of an issuing CA in an address. The CA itself need not exist. */
export function parseIssuerName(text: string): IssuerName | undefined {
  return /^[a-z][a-z0-9-]{1,30}(?:_[1-9][0-9]{0,5})?$/.test(text) ? (text as IssuerName) : undefined;
}

export function rootOf({ training }: { readonly training: boolean }): IssuerName {
  return training ? ROOTS.training : ROOTS.real;
}

/** Whether this name is called like a key or an address of the installation's own. */
export function isReserved(name: string): boolean {
  return RESERVED.some((pattern) => pattern.test(name));
}

export function mayBeOrg(name: string): boolean {
  return /^[a-z][a-z0-9-]{1,30}$/.test(name) && !isReserved(name);
}
