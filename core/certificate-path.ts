import { equalBytes } from './bytes.ts';
import type { Certificate } from './certificate.ts';
import type { CryptoPort } from './crypto.ts';
import { isSignedBy } from './signed-by.ts';

/** CAs above a leaf: issuing CA, root, and a few self-issued ones of a rotation between. */
const MAX_DEPTH = 4;
/** Certificates looked at; each costs signatures to check. */
export const MAX_POOL = 16;

export interface CertificatePath {
  /** The leaf's issuer first, the anchor last. */
  readonly issuers: readonly Certificate[];
  /** The leaf's signature verifies under the first of them. */
  readonly signed: boolean;
}

/**
 * Certification path from a leaf to a trust anchor (RFC 5280 section 6). Of `trusted`, the self-signed certificates
 * are anchors; the others, and all of `offered`, may only lead to one. Undefined where there is no path. A path is
 * given even where the leaf's own signature is wrong, so that the two faults can be told apart.
 */
export async function findPath(
  leaf: Certificate,
  trusted: readonly Certificate[],
  offered: readonly Certificate[],
  crypto: CryptoPort,
): Promise<CertificatePath | undefined> {
  const pool = [...trusted, ...offered].slice(0, MAX_POOL);
  const anchors = new Set<Certificate>();
  for (const certificate of trusted.slice(0, MAX_POOL))
    if (mayHaveIssued(certificate, certificate) && (await isSignedBy(certificate, certificate.spki, crypto)))
      anchors.add(certificate);

  async function above(ca: Certificate, depth: number): Promise<Certificate[] | undefined> {
    if (anchors.has(ca)) return [ca];
    if (depth >= MAX_DEPTH) return undefined;
    for (const issuer of pool) {
      if (issuer === ca || !mayHaveIssued(issuer, ca) || !(await isSignedBy(ca, issuer.spki, crypto)))
        continue;
      const rest = await above(issuer, depth + 1);
      if (rest !== undefined) return [ca, ...rest];
    }
    return undefined;
  }

  let unsigned: CertificatePath | undefined;
  for (const issuer of pool) {
    if (!mayHaveIssued(issuer, leaf)) continue;
    const signed = await isSignedBy(leaf, issuer.spki, crypto);
    if (!signed && unsigned !== undefined) continue;
    const issuers = await above(issuer, 1);
    if (issuers === undefined) continue;
    if (signed) return { issuers, signed };
    unsigned = { issuers, signed };
  }
  return unsigned;
}

/** By name, and by key where both say which (RFC 5280 section 4.2.1.1). */
export function mayHaveIssued(issuer: Certificate, below: Certificate): boolean {
  const [key, own] = [below.issuerKeyId, issuer.ownKeyId];
  return equalBytes(issuer.subject, below.issuer) && (key === undefined || own === undefined || key === own);
}
