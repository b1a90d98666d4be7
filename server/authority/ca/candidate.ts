import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { generationName, rootOf } from '../../ports/ca-names.ts';
import type { IssuerName, OrgName } from '../../ports/issuer-name.ts';
import type { KeySigner, KeyVault } from '../../ports/signer.ts';
import type { Needs } from '../../ports/stores.ts';
import type { WantedCa } from '../../ports/wanted-ca.ts';
import type { CertificatePolicy } from './policy.ts';

export interface Establishing {
  readonly vault: KeyVault;
  readonly stores: Needs<'authorities'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly policy: CertificatePolicy;
  /** Where this installation is reached, without a slash at the end. */
  readonly publicUrl: string;
}

/** The key of an issuing CA that is yet to be certified. */
export interface Candidate {
  readonly org: OrgName;
  readonly generation: number;
  readonly name: IssuerName;
  readonly key: KeySigner;
  readonly root: IssuerName;
}

/**
 * The key of the generation `after` the one that the caller saw last (0: none), made if it is not there: named by its
 * place, so that a crash leaves none over, and two who ask at once make the same one.
 */
export async function candidateAfter(after: number, org: WantedCa, given: Establishing): Promise<Candidate> {
  const generation = after + 1;
  const name = generationName(org.name, generation);
  const key = await given.vault.ensure(name, org.curve ?? 'P-256');
  return { org: org.name, generation, name, key, root: rootOf(org) };
}
