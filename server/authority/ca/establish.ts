import { rootOf } from '../../ports/ca-names.ts';
import type { WantedCa } from '../../ports/wanted-ca.ts';
import type { Candidate, EstablishParts } from './candidate.ts';
import { candidateAfter } from './candidate.ts';
import { byRoot } from './issuing-certificates.ts';
import { openRoot } from './root.ts';

export interface CertifiedCa {
  readonly candidate: Candidate;
  /** The certificate that the root signed, DER. */
  readonly certificate: Uint8Array;
  /** Where that root is not ours: what stands above it, and the earliest end in that chain. */
  readonly foreign?: { readonly above: readonly Uint8Array[]; readonly notAfter: number };
}

/**
 * Creates the issuing CA of an organisation after generation `after` (0: the first), certified by its root. Throws
 * VaultError if the root's key is not in this installation.
 */
export async function certifyAfter(
  after: number,
  org: WantedCa,
  parts: EstablishParts,
): Promise<CertifiedCa> {
  // The root is opened first: if its key is missing, no issuing key is created in vain.
  const root = await openRoot(rootOf(org), parts);
  const candidate = await candidateAfter(after, org, parts);
  const now = parts.clock.now();
  const subject = {
    org: org.name,
    spki: candidate.key.spki,
    notBefore: now - parts.policy.backdate,
    notAfter: Math.min(now + parts.policy.issuing, Date.parse(root.authority.notAfter)),
  };
  const rootUrl = `${parts.verifierUrl}/ca/${candidate.root}.cer`;
  const signer = { name: candidate.root, key: root.key };
  return { candidate, certificate: await byRoot(subject, signer, rootUrl, parts.crypto) };
}
