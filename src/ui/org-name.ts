import { parse } from '../../contract/parse.ts';
import { OrgName } from '../../contract/scalars.ts';

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

/** Whether the backend takes it as an organisation's short name. */
export function isOrgName(name: string): boolean {
  return parse(OrgName, name) !== undefined;
}
