import type { Bytes } from '../../core/bytes.ts';
import type { SubjectPart } from '../ports/certificate-authority.ts';
import { oid, sequence, setOf, utf8String } from './der-writer.ts';

const COMMON_NAME = oid('2.5.4.3');
const ORGANISATION = oid('2.5.4.10');
const ATTRIBUTE = { CN: COMMON_NAME, O: ORGANISATION, OU: oid('2.5.4.11') } as const;

/**
 * Name of one O and one CN, in this order. Text by RFC 2253 and RFC 4514 reverses the order, so it reads
 * `CN=<commonName>,O=<organisation>`. Brokers use that text as the user name.
 */
export function distinguishedName(organisation: string, commonName: string): Bytes {
  return sequence(
    setOf(sequence(ORGANISATION, utf8String(organisation))),
    setOf(sequence(COMMON_NAME, utf8String(commonName))),
  );
}

/** A name from its parts, which its text lists in reverse order (RFC 4514 section 2.1). */
export function subjectName(parts: readonly SubjectPart[]): Bytes {
  return sequence(
    ...parts
      .map(({ attribute, value }) => setOf(sequence(ATTRIBUTE[attribute], utf8String(value))))
      .reverse(),
  );
}

/** Subject of a CA, and so the issuer in its certificates and CRLs. It is the same in every generation. */
export function authorityName(name: string): Uint8Array {
  return distinguishedName('Fieldbind', `${name} CA`);
}
