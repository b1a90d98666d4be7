/** A short name made of what people call an organisation: small letters, digits and hyphens, at most 31, a letter first. */
export function orgNameOf(title: string): string {
  return title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 31)
    .replace(/-+$/, '');
}

/** What the backend takes as an organisation's short name (contract/scalars.ts). */
export function isOrgName(name: string): boolean {
  return /^[a-z][a-z0-9-]{1,30}$/.test(name);
}
