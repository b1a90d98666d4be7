import type { ChainsAnswer } from '../../contract/era.ts';
import type { BackendResult } from '../ports/backend.ts';
import type { Enrolment } from '../ports/work.ts';
import type { DrainPorts } from './drain-ports.ts';
import type { KnownKeys } from './known-keys.ts';

const MOST_CHAINS = 64;

/** What it takes to compare phone and backend. */
export interface Comparing {
  readonly ports: DrainPorts;
  readonly enrolment: Enrolment;
  readonly known: KnownKeys;
  readonly signal: AbortSignal;
}

export type Chains = ReadonlyMap<string, ChainsAnswer['chains'][number]>;

export interface Asked {
  readonly chains: Chains;
  readonly era: string | undefined;
}

/** Asks for every chain on this phone, and for this key's even before its first record. */
export async function askChains({ ports, enrolment, signal }: Comparing): Promise<BackendResult<Asked>> {
  const own = enrolment.signer.kid;
  const found = await ports.again.chains();
  const all = found.some(({ kid }) => kid === own) ? found : [...found, { kid: own, seq: 0 }];
  const chains = new Map<string, ChainsAnswer['chains'][number]>();
  let era: string | undefined;
  for (let at = 0; at < all.length; at += MOST_CHAINS) {
    const part = all.slice(at, at + MOST_CHAINS);
    const answer = await ports.backend.chains(part, signal);
    if (!answer.ok) return answer;
    const asked = new Set(part.map(({ kid }) => kid));
    for (const chain of answer.value.chains) if (asked.has(chain.kid)) chains.set(chain.kid, chain);
    era = answer.value.era;
  }
  return { ok: true, value: { chains, era } };
}
