import type { Bytes } from '../../core/bytes.ts';
import { oid, sequence, setOf, utf8String } from './der-writer.ts';

const COMMON_NAME = oid('2.5.4.3');
const ORGANISATION = oid('2.5.4.10');

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
