import { fromUtf8 } from './bytes.ts';
import type { CryptoPort, Verdict } from './crypto.ts';
import { bitStringBytes, DerError, type DerReader, enterDer, oidText, TAG } from './der.ts';
import { ecdsaToFixed, type PublicKeyInfo, parseSpki } from './spki.ts';

/** A PKCS#10 certification request (RFC 2986), read but not yet believed. Byte fields are views of the input. */
export interface CertificationRequest {
  /** CertificationRequestInfo exactly as sent: what the signature is over. */
  readonly info: Uint8Array;
  /** Subject as attribute type (dotted) and text, in order. */
  readonly subject: readonly { readonly type: string; readonly text: string }[];
  readonly spki: Uint8Array;
  readonly key: PublicKeyInfo;
  readonly signature: Uint8Array;
}

const COMMON_NAME = '2.5.4.3';
export const SIGNATURE_OIDS: Record<string, readonly PublicKeyInfo['type'][]> = {
  '1.2.840.10045.4.3.2': ['P-256'],
  '1.2.840.10045.4.3.3': ['P-384'],
  '1.2.840.113549.1.1.11': ['RSA'],
  '1.3.101.112': ['Ed25519'],
};

/**
 * Reads a CSR. Throws DerError. Modems of one maker send NULL parameters after ecdsa-with-SHA256, which RFC 5758
 * forbids; they are passed over, since the signature covers the CertificationRequestInfo only.
 */
export function parseCsr(der: Uint8Array): CertificationRequest {
  const outer = enterDer(der, TAG.sequence);
  const info = outer.next(TAG.sequence);
  const algorithm = outer.enter(TAG.sequence);
  const signature = bitStringBytes(outer.next(TAG.bitString).content);
  outer.end();

  const oid = oidText(algorithm.next(TAG.oid).content);
  if (!algorithm.done) algorithm.null();
  algorithm.end();

  const body = enterDer(info.whole, TAG.sequence);
  const version = body.next(TAG.integer).content;
  if (version.length !== 1 || version[0] !== 0) throw new DerError('version 0 was expected');
  const subject = readName(body.enter(TAG.sequence));
  const spki = body.next(TAG.sequence).whole;
  // Attributes [0]: ours come from policy, so they are neither read nor obeyed, only bounded by the reader.
  body.optional(0xa0);
  body.end();

  const key = parseSpki(spki);
  if (!(SIGNATURE_OIDS[oid] ?? []).includes(key.type))
    throw new DerError('signature algorithm does not fit the key');
  return { info: info.whole, subject, spki, key, signature };
}

export function readName(name: DerReader): { type: string; text: string }[] {
  const out: { type: string; text: string }[] = [];
  while (!name.done) {
    const set = name.enter(TAG.set);
    while (!set.done) {
      const pair = set.enter(TAG.sequence);
      const type = oidText(pair.next(TAG.oid).content);
      const value = pair.next();
      pair.end();
      const text = fromUtf8(value.content);
      if (text === undefined || out.length >= 16 || text.length > 256)
        throw new DerError('subject not readable');
      out.push({ type, text });
    }
  }
  return out;
}

/** Common names of the subject, as they stand. */
export function commonNames(csr: CertificationRequest): string[] {
  return csr.subject.filter((part) => part.type === COMMON_NAME).map((part) => part.text);
}

/**
 * Whether the CSR's signature verifies under its own key: the device's key once signed this request. It does not say
 * when, nor that the device at hand did.
 */
export async function verifyCsr(csr: CertificationRequest, crypto: CryptoPort): Promise<Verdict> {
  let signature = csr.signature;
  if (csr.key.type === 'P-256' || csr.key.type === 'P-384') {
    try {
      signature = ecdsaToFixed(csr.signature, csr.key.bits);
    } catch {
      return 'invalid';
    }
  }
  return crypto.verify(csr.key.algorithm, csr.spki, signature, csr.info);
}
