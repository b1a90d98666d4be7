import { toHex } from '../../../core/bytes.ts';
import { DerError, type DerReader, enterDer, oidText, TAG } from '../../../core/der.ts';

export type HashName = 'sha1' | 'sha256';

/** CertID: the certificate that a request asks about, by the hashed name and key of its issuer and its serial. */
export interface CertificateId {
  readonly hash: HashName;
  /** The hash's parameters: RFC 5754 section 2 writes none and takes NULL as well. The answer must repeat what was asked. */
  readonly parameters: 'null' | 'none';
  readonly nameHash: string;
  readonly keyHash: string;
  /** Hex, in the form of our serials. */
  readonly serial: string;
}

export const HASH_OIDS = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1' } as const;
const HASHES: Record<string, HashName> = { [HASH_OIDS.sha1]: 'sha1', [HASH_OIDS.sha256]: 'sha256' };
/** Most certificates of one request. RFC 5019 section 2.1.1 demands one; some clients ask about a short chain at once. */
const MOST = 8;

/**
 * Reads an OCSPRequest (RFC 6960 section 4.1.1). Throws DerError. The requestor's name, extensions (a nonce among
 * them) and signature are ignored: answers are the same for everybody, so that they can be cached.
 */
export function parseOcspRequest(der: Uint8Array): CertificateId[] {
  const outer = enterDer(der, TAG.sequence);
  const request = outer.enter(TAG.sequence);
  outer.optional(0xa0);
  outer.end();
  request.optional(0xa0);
  request.optional(0xa1);
  const list = request.enter(TAG.sequence);
  request.optional(0xa2);
  request.end();
  const ids: CertificateId[] = [];
  while (!list.done) {
    if (ids.length >= MOST) throw new DerError('too many certificates in one request');
    const item = list.enter(TAG.sequence);
    ids.push(readId(item.enter(TAG.sequence)));
    item.optional(0xa0);
    item.end();
  }
  if (ids.length === 0) throw new DerError('no certificate is asked for');
  return ids;
}

function readId(id: DerReader): CertificateId {
  const hash = readHash(id.enter(TAG.sequence));
  const nameHash = toHex(id.next(TAG.octetString).content);
  const keyHash = toHex(id.next(TAG.octetString).content);
  const serial = toHex(id.next(TAG.integer).content);
  id.end();
  return { ...hash, nameHash, keyHash, serial };
}

function readHash(algorithm: DerReader): Pick<CertificateId, 'hash' | 'parameters'> {
  const hash = HASHES[oidText(algorithm.next(TAG.oid).content)];
  const parameters = algorithm.done ? 'none' : 'null';
  if (parameters === 'null') algorithm.null();
  algorithm.end();
  if (hash === undefined) throw new DerError('hash not accepted');
  return { hash, parameters };
}
