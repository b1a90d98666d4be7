import { createHash } from 'node:crypto';
import { type Bytes, utf8 } from '../../core/bytes.ts';
import { bitStringBytes, enterDer, TAG } from '../../core/der.ts';
import { namedBits, octets, oid, sequence, smallInteger, TRUE, tlv } from './der-writer.ts';

/** Extensions of RFC 5280 section 4.2, each a whole Extension. */

function extension(id: string, critical: boolean, value: Uint8Array): Bytes {
  return critical ? sequence(oid(id), TRUE, octets(value)) : sequence(oid(id), octets(value));
}

const uri = (text: string) => tlv(0x86, utf8(text));
const dns = (text: string) => tlv(0x82, utf8(text));

export function basicConstraintsEnd(): Bytes {
  return extension('2.5.29.19', true, sequence());
}

/** A CA that may sign no further CA if `pathLength` is 0. */
export function basicConstraintsCa(pathLength: number): Bytes {
  return extension('2.5.29.19', true, sequence(TRUE, smallInteger(pathLength)));
}

export function keyUsageSignature(): Bytes {
  return extension('2.5.29.15', true, namedBits(0));
}

/** keyCertSign and cRLSign. */
export function keyUsageCa(): Bytes {
  return extension('2.5.29.15', true, namedBits(5, 6));
}

/** clientAuth and serverAuth: devices call brokers, and some serve. */
export function extendedKeyUsage(): Bytes {
  return extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.2'), oid('1.3.6.1.5.5.7.3.1')));
}

/** Leftmost 160 bits of SHA-256 of the public key's bits (RFC 7093 section 2, method 1). */
export function keyIdentifier(spki: Uint8Array): Bytes {
  const outer = enterDer(spki, TAG.sequence);
  outer.next(TAG.sequence);
  const key = bitStringBytes(outer.next(TAG.bitString).content);
  return new Uint8Array(createHash('sha256').update(key).digest().subarray(0, 20));
}

export function subjectKeyIdentifier(spki: Uint8Array): Bytes {
  return extension('2.5.29.14', false, octets(keyIdentifier(spki)));
}

/** By key only: with issuer and serial in it, the self-signed twin of an issuing CA could not stand in for it. */
export function authorityKeyIdentifier(issuerSpki: Uint8Array): Bytes {
  return extension('2.5.29.35', false, sequence(tlv(0x80, keyIdentifier(issuerSpki))));
}

export function subjectAlternativeNames(names: { readonly uri: string; readonly dns: string }): Bytes {
  return extension('2.5.29.17', false, sequence(uri(names.uri), dns(names.dns)));
}

export function crlDistributionPoint(url: string): Bytes {
  return extension('2.5.29.31', false, sequence(sequence(tlv(0xa0, tlv(0xa0, uri(url))))));
}

/** Where the issuer's own certificate is (RFC 5280 section 4.2.2.1, caIssuers). */
export function authorityInformationAccess(url: string): Bytes {
  return extension('1.3.6.1.5.5.7.1.1', false, sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), uri(url))));
}

export function crlNumber(number: number): Bytes {
  return extension('2.5.29.20', false, smallInteger(number));
}

export function reasonCode(code: number): Bytes {
  return extension('2.5.29.21', false, tlv(0x0a, Uint8Array.of(code)));
}
