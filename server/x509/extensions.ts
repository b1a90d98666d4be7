import { hash } from 'node:crypto';
import { type Bytes, utf8 } from '../../core/bytes.ts';
import { bitStringBytes, enterDer, TAG } from '../../core/der.ts';
import { namedBits, octets, oid, sequence, smallInteger, TRUE, tlv } from './der-writer.ts';

const BASIC_CONSTRAINTS = oid('2.5.29.19');
const KEY_USAGE = oid('2.5.29.15');
const EXTENDED_KEY_USAGE = oid('2.5.29.37');
const SUBJECT_KEY = oid('2.5.29.14');
const AUTHORITY_KEY = oid('2.5.29.35');
const SUBJECT_NAMES = oid('2.5.29.17');
const CRL_ADDRESS = oid('2.5.29.31');
const INFORMATION_ACCESS = oid('1.3.6.1.5.5.7.1.1');
const OCSP = oid('1.3.6.1.5.5.7.48.1');
const CA_ISSUERS = oid('1.3.6.1.5.5.7.48.2');
const CRL_NUMBER = oid('2.5.29.20');
const REASON = oid('2.5.29.21');

/** Extensions of RFC 5280 section 4.2, each a whole Extension. */

function extension(id: Uint8Array, critical: boolean, value: Uint8Array): Bytes {
  return critical ? sequence(id, TRUE, octets(value)) : sequence(id, octets(value));
}

const uri = (text: string) => tlv(0x86, utf8(text));
const dns = (text: string) => tlv(0x82, utf8(text));

export function basicConstraintsEnd(): Bytes {
  return extension(BASIC_CONSTRAINTS, true, sequence());
}

/** A CA; if `pathLength` is 0, it may sign no further CA. */
export function basicConstraintsCa(pathLength: number): Bytes {
  return extension(BASIC_CONSTRAINTS, true, sequence(TRUE, smallInteger(pathLength)));
}

export function keyUsageSignature(): Bytes {
  return extension(KEY_USAGE, true, namedBits(0));
}

/** keyCertSign and cRLSign. */
export function keyUsageCa(): Bytes {
  return extension(KEY_USAGE, true, namedBits(5, 6));
}

/** clientAuth and serverAuth: devices connect to brokers, and some are servers themselves. */
export function extendedKeyUsage(): Bytes {
  return extension(EXTENDED_KEY_USAGE, false, sequence(oid('1.3.6.1.5.5.7.3.2'), oid('1.3.6.1.5.5.7.3.1')));
}

/** Leftmost 160 bits of SHA-256 of the public key's bits (RFC 7093 section 2, method 1). */
export function keyIdentifier(spki: Uint8Array): Bytes {
  return new Uint8Array(hash('sha256', publicKeyBits(spki), 'buffer').subarray(0, 20));
}

/** Content of the subjectPublicKey bit string, over which key identifiers and OCSP hashes are computed. */
export function publicKeyBits(spki: Uint8Array): Uint8Array {
  const outer = enterDer(spki, TAG.sequence);
  outer.next(TAG.sequence);
  return bitStringBytes(outer.next(TAG.bitString).content);
}

/** `id`: the identifier that somebody else's certificate gives this key. Ours if left out. */
export function subjectKeyIdentifier(spki: Uint8Array, id: Uint8Array = keyIdentifier(spki)): Bytes {
  return extension(SUBJECT_KEY, false, octets(id));
}

/** Contains the key only: with issuer and serial in it, the self-signed twin of an issuing CA could not stand in for that. */
export function authorityKeyIdentifier(
  issuerSpki: Uint8Array,
  id: Uint8Array = keyIdentifier(issuerSpki),
): Bytes {
  return extension(AUTHORITY_KEY, false, sequence(tlv(0x80, id)));
}

export function subjectAlternativeNames(names: { readonly uri: string; readonly dns: string }): Bytes {
  return extension(SUBJECT_NAMES, false, sequence(uri(names.uri), dns(names.dns)));
}

export function crlDistributionPoint(url: string): Bytes {
  return extension(CRL_ADDRESS, false, sequence(sequence(tlv(0xa0, tlv(0xa0, uri(url))))));
}

/** Address of the issuer's own certificate, and of the OCSP responder (RFC 5280 section 4.2.2.1). */
export function authorityInformationAccess(issuerUrl: string, ocspUrl?: string): Bytes {
  const ocsp = ocspUrl === undefined ? [] : [sequence(OCSP, uri(ocspUrl))];
  return extension(INFORMATION_ACCESS, false, sequence(...ocsp, sequence(CA_ISSUERS, uri(issuerUrl))));
}

/** serverAuth alone, for a service, which must not pass for a device at a broker. */
export function serverAuthentication(): Bytes {
  return extension(EXTENDED_KEY_USAGE, false, sequence(oid('1.3.6.1.5.5.7.3.1')));
}

export function serverName(host: string): Bytes {
  return extension(SUBJECT_NAMES, false, sequence(dns(host)));
}

/** OCSPSigning: the key may sign OCSP answers for its issuer, and nothing else. */
export function ocspSigning(): Bytes {
  return extension(EXTENDED_KEY_USAGE, false, sequence(oid('1.3.6.1.5.5.7.3.9')));
}

/** Tells verifiers not to check whether this certificate was revoked (RFC 6960 section 4.2.2.2.1). */
export function ocspNoCheck(): Bytes {
  return extension(oid('1.3.6.1.5.5.7.48.1.5'), false, tlv(0x05));
}

export function crlNumber(number: number): Bytes {
  return extension(CRL_NUMBER, false, smallInteger(number));
}

export function reasonCode(code: number): Bytes {
  return extension(REASON, false, tlv(0x0a, Uint8Array.of(code)));
}
