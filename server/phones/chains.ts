import type { ChainsAnswer, ChainsRequest } from '../../contract/era.ts';
import { MOST_STRETCHES } from '../../contract/phone.ts';
import type { Needs } from '../ports/stores.ts';
import { missingOf } from './phones.ts';

/**
 * Which numbers of these chains are not here. It says no more than which numbers of a key are missing, and a key's kid is
 * known to whoever has seen a record of it, so it asks nobody whose chain it is.
 */
export async function chainStates(
  { nonce, chains }: ChainsRequest,
  stores: Needs<'phones' | 'operatorKeys' | 'eras'>,
): Promise<ChainsAnswer> {
  const states: ChainsAnswer['chains'] = [];
  for (const { kid, seq } of chains) {
    const known = (await stores.operatorKeys.key(kid)) !== undefined;
    const missing = [...(await missingOf(kid, seq, stores))];
    states.push({ kid, known, missing, more: missing.length === MOST_STRETCHES });
  }
  const era = await stores.eras.current();
  return { nonce, chains: states, ...(era === undefined ? {} : { era: era.jws }) };
}
