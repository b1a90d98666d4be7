import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { generationName, rootOf } from '../../ports/ca-names.ts';
import type { IssuerName, OrgName } from '../../ports/issuer-name.ts';
import type { KeySigner, KeyVault } from '../../ports/signer.ts';
import type { Needs } from '../../ports/stores.ts';
import type { WantedCa } from '../../ports/wanted-ca.ts';
import type { CertificatePolicy } from './policy.ts';

export interface EstablishParts {
  readonly vault: KeyVault;
  readonly stores: Needs<'authorities'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly policy: CertificatePolicy;
  /** Public address of this installation, without a slash at the end. */
  readonly verifierUrl: string;
}

/** The key of an issuing CA that is not certified yet. */
export interface Candidate {
  readonly org: OrgName;
  readonly generation: number;
  readonly name: IssuerName;
  readonly key: KeySigner;
  readonly root: IssuerName;
}

/**
 * The key of the generation that follows `after`, the one that the caller saw last (0: none); created if it does not
 * exist. Its name follows from its generation, so that a crash leaves no unused key, and two callers at once get the
 * same one.
 */
export async function candidateAfter(
  after: number,
  org: WantedCa,
  parts: EstablishParts,
): Promise<Candidate> {
  const generation = after + 1;
  const name = generationName(org.name, generation);
  const key = await parts.vault.ensure(name, org.curve ?? 'P-256');
  return { org: org.name, generation, name, key, root: rootOf(org) };
}
