import type { Binding } from '../../../ports/bindings.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { RowName } from '../../../ports/list-bulk.ts';
import { REAL_SCOPE } from '../../../ports/orgs.ts';
import { type About, type Ruling, refused } from '../binding/ruling.ts';

/** A binding about to be made. */
export type Claim = Omit<Binding, 'id' | 'boundAt'>;

/** What else is known of the device. */
export interface KnownAs {
  /** What earlier makers called it. */
  readonly former: readonly RowName[];
  /** The live binding in which the claimed key waits to be shown. */
  readonly pendingIn: string | undefined;
}

export type Conflict =
  | { readonly kind: 'ruled'; readonly ruling: Ruling }
  /** Nothing stands in the way; what was bound for practice gives way to what is real. */
  | { readonly kind: 'free'; readonly displaces: readonly Binding[] };

/**
 * One live binding per key and per maker and UDID over the whole installation. A real claim ends a practice binding of the
 * same device, so that nobody can occupy a device from a training organisation; never the other way round. Practice on a
 * device that is bound for real opens no transfer case: there is nothing for its owner to decide.
 */
export async function judgeConflict(
  claim: Claim,
  { former, pendingIn }: KnownAs,
  about: About,
  { liveBindings }: Reads<'liveBindings'>,
): Promise<Conflict> {
  const names = [{ maker: claim.maker, udid: claim.udid }, ...former];
  const asked = await Promise.all([
    liveBindings.byKey(claim.keyDigest),
    ...names.map(({ maker, udid }) => liveBindings.byName(maker, udid)),
  ]);
  const live = asked.filter((binding) => binding !== undefined);
  const found = [...new Map(live.map((binding) => [binding.id, binding])).values()];
  const practice = (binding: Pick<Binding, 'scope'>) => binding.scope !== REAL_SCOPE;
  if (practice(claim) && !found.every(practice))
    return { kind: 'ruled', ruling: refused('transfer_case', about) };
  const displaces = practice(claim) ? [] : found.filter(practice);
  const ruling = judgeLive(
    claim,
    pendingIn,
    about,
    found.filter((binding) => !displaces.includes(binding)),
  );
  return ruling === undefined ? { kind: 'free', displaces } : { kind: 'ruled', ruling };
}

function judgeLive(
  claim: Claim,
  pendingIn: string | undefined,
  about: About,
  live: readonly Binding[],
): Ruling | undefined {
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
      (other.keyDigest === claim.keyDigest || other.id === pendingIn) &&
      other.domain === claim.domain &&
      other.maker === claim.maker &&
      other.udid === claim.udid,
  );
  if (same) {
    // An earlier record of this device is being issued: this one has its turn after it.
    if (own.state === 'issuing') throw new Error('an earlier record of this device is not finished');
    return { outcome: 'same', binding: own, about, keyDigest: claim.keyDigest };
  }
  const site = own.site === null ? '' : `, ${own.site}`;
  return refused('taken_same_org', about, `bound to ${own.domain}${site}`);
}
