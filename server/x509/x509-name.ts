import type { Bytes } from '../../core/bytes.ts';
import type { SubjectPart } from '../ports/certificate-authority.ts';
import { oid, sequence, setOf, utf8String } from './der-writer.ts';

const COMMON_NAME = oid('2.5.4.3');
const ORGANISATION = oid('2.5.4.10');
const ATTRIBUTE = { CN: COMMON_NAME, O: ORGANISATION, OU: oid('2.5.4.11') } as const;

/**
 * Name of one O and one CN, in this order: general before particular, so that its text by RFC 2253 and RFC 4514, which
 * turn the order round, is `CN=<commonName>,O=<organisation>`. That is the user name brokers make of it.
 */
export function distinguishedName(organisation: string, commonName: string): Bytes {
  return sequence(
    setOf(sequence(ORGANISATION, utf8String(organisation))),
    setOf(sequence(COMMON_NAME, utf8String(commonName))),
  );
}

/** A name by its parts, which stand the other way round in its text (RFC 4514 section 2.1). */
export function subjectName(parts: readonly SubjectPart[]): Bytes {
  return sequence(
    ...parts
      .map(({ attribute, value }) => setOf(sequence(ATTRIBUTE[attribute], utf8String(value))))
      .reverse(),
  );
}

/** Subject of a CA: what certificates and CRLs of it name as issuer, the same in every generation. */
export function authorityName(name: string): Uint8Array {
  return distinguishedName('Fieldbind', `${name} CA`);
}
