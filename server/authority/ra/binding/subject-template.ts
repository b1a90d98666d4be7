import type { SubjectPart } from '../../../ports/certificate-authority.ts';

const ATTRIBUTES = ['CN', 'O', 'OU'] as const;

const LITERAL = /^[A-Za-z0-9][A-Za-z0-9 .-]{0,63}$/;
const NAMES = ['udid', 'domain', 'org'] as const;

/**
 * The parts of a subject template like `CN=<udid>,O=<domain>`: CN once, with the UDID and nothing else, so that every device
 * has a name of its own; O and OU at most once, each a word of the device's or a text of one's own. Each is then within
 * the 64 characters of RFC 5280 appendix A.1. Undefined if it is not such a template.
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

/** The template with this device's words in it. */
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
