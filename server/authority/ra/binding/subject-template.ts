import type { SubjectPart } from '../../../ports/certificate-authority.ts';

const ATTRIBUTES = ['CN', 'O', 'OU'] as const;

const LITERAL = /^[A-Za-z0-9][A-Za-z0-9 .-]{0,63}$/;
const NAMES = ['udid', 'domain', 'org'] as const;

/**
 * Parses a subject template like `CN=<udid>,O=<domain>`; undefined if it is not valid. CN stands once and is the UDID
 * and nothing else, so that every device has a subject of its own. O and OU stand at most once, each either one of
 * the device's names or a literal text. So each value is within the 64 characters of RFC 5280 appendix A.1.
 */
export function parseSubject(template: string): readonly SubjectPart[] | undefined {
  const parts: SubjectPart[] = [];
  for (const piece of template.split(',')) {
    const [name, value = ''] = piece.trim().split(/=(.*)/s);
    const attribute = ATTRIBUTES.find((one) => one === name);
    if (attribute === undefined || parts.some((part) => part.attribute === attribute)) return undefined;
    const word = /^<(.*)>$/.exec(value)?.[1];
    if (word === undefined ? !LITERAL.test(value) : !NAMES.some((known) => known === word)) return undefined;
    if ((attribute === 'CN') !== (value === '<udid>')) return undefined;
    parts.push({ attribute, value });
  }
  return parts.some(({ attribute }) => attribute === 'CN') ? parts : undefined;
}

/** Fills a template with this device's names. */
export function subjectFor(
  template: string | undefined,
  names: { readonly udid: string; readonly domain: string; readonly org: string },
): readonly SubjectPart[] | undefined {
  if (template === undefined) return undefined;
  return parseSubject(template)?.map(({ attribute, value }) => {
    const word = NAMES.find((name) => value === `<${name}>`);
    return { attribute, value: word === undefined ? value : names[word] };
  });
}
