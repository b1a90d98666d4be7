import { toBase64Url, toHex, utf8 } from './bytes.ts';
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

/** With a digest there is room left for a number, which a phone adds to an id that is taken (contract/scalars.ts: 64). */
const LONGEST_SLUG = 50;

/**
 * The name of a site made in the field, from its title: two phones that make the same site make one, and two titles are two
 * sites. Letters and digits of ASCII stay; where they alone do not give the title back, as in "Level -1" beside "Level 1", some
 * of its digest follows. A title in another script is named by its digest alone.
 */
export async function siteIdOf(title: string, crypto: Pick<CryptoPort, 'sha256'>): Promise<string> {
  const plain = tidy(title).toLowerCase();
  const slug = plain
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  if (slug.replaceAll('-', ' ') === plain) return slug;
  const digest = await crypto.sha256(utf8(plain));
  const lost = /[^\p{M}\x20-\x7e]/u.test(plain.normalize('NFKD'));
  if (slug === '' || lost) return `s-${toBase64Url(digest).slice(0, 16).toLowerCase().replace(/_/g, '-')}`;
  return `${slug.slice(0, LONGEST_SLUG)}-${toHex(digest.subarray(0, 4))}`;
}
