import { toBase64Url, utf8 } from './bytes.ts';
import type { CryptoPort } from './crypto.ts';

/** Site and position of a device within its domain. Absent: none. */
export interface PlaceInDomain {
  readonly domain: string;
  readonly site?: string | undefined;
  readonly position?: string | undefined;
}

/**
 * What an amendment names as the place that it corrects: SHA-256 over the JSON text of `["fieldbind-place", domain, site,
 * position]`, null where there is none, as 43 characters of base64url. An empty position is none.
 */
export function placeDigest(
  { domain, site, position }: PlaceInDomain,
  crypto: Pick<CryptoPort, 'digest'>,
): Promise<string> {
  return crypto.digest(
    utf8(JSON.stringify(['fieldbind-place', domain, site || null, tidy(position ?? '') || null])),
  );
}

/** Words for one line of a list: control characters and runs of spaces are one space, none at the ends; NFC. */
export function tidy(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

/**
 * The name of a site made in the field, from its title: two phones that make the same site make one. Letters and digits of
 * ASCII stay; a title without any is named by a digest of it.
 */
export async function siteIdOf(title: string, crypto: Pick<CryptoPort, 'sha256'>): Promise<string> {
  const plain = tidy(title).toLowerCase();
  const slug = plain
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  const lost = /[^\p{M}\x20-\x7e]/u.test(plain.normalize('NFKD'));
  if (slug !== '' && !lost) return slug;
  const digest = toBase64Url(await crypto.sha256(utf8(plain)));
  return `s-${digest.slice(0, 16).toLowerCase().replace(/_/g, '-')}`;
}
