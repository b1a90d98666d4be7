import type { Binding } from '../ports/bindings.ts';
import { REAL_SCOPE } from '../ports/orgs.ts';
import type { Needs } from '../ports/stores.ts';
import { type About, type Ruling, refused } from './ruling.ts';

/** A binding about to be made. */
export type Claim = Omit<Binding, 'id' | 'boundAt'>;

/**
 * One live binding per key and per maker and UDID. Undefined if nothing stands in the way. Real bindings count for all;
 * what was bound in training counts in that training only, so that nobody can occupy a real device from there.
 */
export async function judgeConflict(
  claim: Claim,
  about: About,
  { bindings }: Needs<'bindings'>,
): Promise<Ruling | undefined> {
  const scopes = [...new Set([REAL_SCOPE, claim.scope])];
  const live = await bindings.liveConflicts(scopes, claim.keyDigest, claim.maker, claim.udid);
  const foreign = live.find((other) => other.org !== claim.org);
  if (foreign !== undefined) {
    return {
      outcome: 'refused',
      code: 'transfer_case',
      about,
      effect: { kind: 'transfer_case', binding: foreign.id },
    };
  }
  const [own] = live;
  if (own === undefined) return undefined;
  const same = live.every(
    (other) =>
      other.keyDigest === claim.keyDigest &&
      other.domain === claim.domain &&
      other.maker === claim.maker &&
      other.udid === claim.udid,
  );
  if (same) {
    // An earlier record of this device is being issued: this one has its turn after it.
    if (own.state === 'issuing') throw new Error('an earlier record of this device is not finished');
    return { outcome: 'same', binding: own, about };
  }
  const site = own.site === null ? '' : `, ${own.site}`;
  return refused('taken_same_org', about, `bound to ${own.domain}${site}`);
}
