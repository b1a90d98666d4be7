import type { Udid } from './udid.ts';

declare const DOMAIN: unique symbol;

/**
 * Name of an operational domain: a DNS name in lower case, at most 64 octets (the subject's O is bounded so, RFC 5280
 * appendix A, ub-organization-name), at least two labels. It is also a SPIFFE trust domain.
 */
export type DomainName = string & { readonly [DOMAIN]: true };

export type NameErrorCode =
  /** Nothing was entered. Ask for a name such as `site-12.example.org`. */
  | 'name_empty'
  /** Over 64 characters. Ask for a shorter one. */
  | 'name_too_long'
  /** Ends in a dot. Ask to leave the dot out. */
  | 'name_trailing_dot'
  /** Holds a `*`: a certificate for many names is never issued. Ask for the one name meant. */
  | 'name_wildcard'
  /** Only one label. Ask for a name below a domain one owns. */
  | 'name_single_label'
  /** Something other than `a-z`, `0-9`, hyphen and dot; capitals too. Names of other scripts are entered as `xn--`. */
  | 'name_characters'
  /** A label between two dots is empty, or over 63 characters. */
  | 'name_label_length'
  /** A label begins or ends in a hyphen, or has two hyphens in places 3 and 4 without being `xn--` (RFC 5890 2.3.1). */
  | 'name_hyphen'
  /** A label is `d`: device names are `<udid>.d.<domain>`, so that no UDID can be the name of a service or child domain. */
  | 'name_reserved_label'
  /** The last label is a number, so the whole would be read as an IP address. Ask for a name. */
  | 'name_numeric';

export type NameResult =
  | { readonly ok: true; readonly name: DomainName }
  | { readonly ok: false; readonly code: NameErrorCode };

const MAX_NAME = 64;
const MAX_LABEL = 63;
const DEVICES = 'd';

/** Judges the text as it stands; nothing is trimmed or put in lower case, so that one domain has one name. */
export function parseDomainName(text: string): NameResult {
  const code = faultOf(text);
  return code === undefined ? { ok: true, name: text as DomainName } : { ok: false, code };
}

export function isDomainName(text: string): text is DomainName {
  return faultOf(text) === undefined;
}

/** `spiffe://<domain>/device/<udid>` (SPIFFE-ID section 2). */
export function spiffeId(domain: DomainName, udid: Udid): string {
  return `spiffe://${domain}/device/${udid}`;
}

/** `<udid>.d.<domain>`: at most 63 + 3 + 64 octets, so always below DNS's 253. */
export function deviceDnsName(domain: DomainName, udid: Udid): string {
  return `${udid}.${DEVICES}.${domain}`;
}

/** True if `descendant` lies below `ancestor` in the DNS tree; a name is not its own ancestor. */
export function isAncestor(ancestor: DomainName, descendant: DomainName): boolean {
  return descendant.endsWith(`.${ancestor}`);
}

function faultOf(text: string): NameErrorCode | undefined {
  if (text === '') return 'name_empty';
  if (text.length > MAX_NAME) return 'name_too_long';
  if (text.includes('*')) return 'name_wildcard';
  if (!/^[a-z0-9.-]+$/.test(text)) return 'name_characters';
  if (text.endsWith('.')) return 'name_trailing_dot';
  const labels = text.split('.');
  for (const label of labels) {
    if (label.length === 0 || label.length > MAX_LABEL) return 'name_label_length';
    if (label.startsWith('-') || label.endsWith('-')) return 'name_hyphen';
    if (label.slice(2, 4) === '--' && !label.startsWith('xn--')) return 'name_hyphen';
    if (label === DEVICES) return 'name_reserved_label';
  }
  if (labels.length < 2) return 'name_single_label';
  // What URL parsers take for an IPv4 address (WHATWG URL, "ends in a number"), hexadecimal included.
  return /^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? 'name_numeric' : undefined;
}
