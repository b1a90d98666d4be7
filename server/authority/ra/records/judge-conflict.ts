import type { Binding } from '../../../ports/bindings.ts';
import type { SuspensionReason } from '../../../ports/device-life.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { RowName } from '../../../ports/list-bulk.ts';
import { REAL_SCOPE } from '../../../ports/orgs.ts';
import { type DeviceMention, held, type Ruling, refused } from '../binding/ruling.ts';

/** A binding that a registration asks for. */
export type Claim = Omit<Binding, 'id' | 'boundAt'>;

/** How else the device is known here. */
export interface DeviceHistory {
  /** The names that earlier makers gave it. */
  readonly former: readonly RowName[];
  /** The live binding in which the claimed key is pending. */
  readonly pendingIn: string | undefined;
  /** Digests of the keys that the device is known to have had, where it took others. */
  readonly lineage?: ReadonlySet<string> | undefined;
  /** A row of the claiming organisation vouches for the claimed key. */
  readonly vouched?: boolean;
}

export type Conflict =
  /** `elsewhere`: it is this device's own binding, in another domain. */
  | { readonly kind: 'ruled'; readonly ruling: Ruling; readonly elsewhere?: Binding }
  /** No binding conflicts; these practice bindings end in favour of the real one. */
  | { readonly kind: 'free'; readonly displaces: readonly Binding[]; readonly apart?: true };

/**
 * At most one live binding exists per key, and per maker and UDID, over the whole installation. A real claim ends a
 * practice binding of the same device, so that nobody can occupy a device from a training organisation; a practice
 * claim never ends a real one. Practice on a device that is bound for real opens no transfer case, since its owner
 * has nothing to decide.
 *
 * A name alone takes no device from whose own list vouches for its key: a binding of that name in another organisation,
 * with a key that was never this device's, is another device.
 */
export async function judgeConflict(
  claim: Claim,
  { former, pendingIn, lineage, vouched = false }: DeviceHistory,
  about: DeviceMention,
  { liveBindings, life }: Reads<'liveBindings' | 'life'>,
): Promise<Conflict> {
  const names = [{ maker: claim.maker, udid: claim.udid }, ...former];
  const lookedUp = await Promise.all([
    liveBindings.byKey(claim.keyDigest),
    ...names.map(({ maker, udid }) => liveBindings.named(maker, udid)),
  ]);
  const live = lookedUp.flat().filter((binding) => binding !== undefined);
  const practice = (binding: Pick<Binding, 'scope'>) => binding.scope !== REAL_SCOPE;
  const isAnother = (other: Binding) =>
    vouched &&
    !practice(claim) &&
    !practice(other) &&
    other.org !== claim.org &&
    other.keyDigest !== claim.keyDigest &&
    lineage?.has(other.keyDigest) !== true;
  const all = [...new Map(live.map((binding) => [binding.id, binding])).values()];
  const found = all.filter((other) => !isAnother(other));
  const apart = found.length < all.length ? { apart: true as const } : {};
  if (practice(claim) && !found.every(practice))
    return { kind: 'ruled', ruling: refused('transfer_case', about) };
  const displaces = practice(claim) ? [] : found.filter(practice);
  const others = found.filter((binding) => !displaces.includes(binding));
  const ruling =
    (await judgeSuspension(claim, about, others, life)) ?? judgeLive(claim, pendingIn, about, others);
  if (ruling === undefined) return { kind: 'free', displaces, ...apart };
  const [own] = others;
  const isMoved =
    others.length === 1 &&
    own !== undefined &&
    own.org === claim.org &&
    own.domain !== claim.domain &&
    own.keyDigest === claim.keyDigest &&
    own.maker === claim.maker &&
    own.udid === claim.udid &&
    'code' in ruling &&
    ruling.code === 'taken_same_org';
  return { kind: 'ruled', ruling, ...(isMoved ? { elsewhere: own } : {}) };
}

const SINCE: Record<SuspensionReason, string> = {
  lost: 'reported lost',
  maintenance: 'in maintenance',
  put_back: 'on hold for a newer paper',
};

/**
 * A device that its organisation has suspended, as lost or for maintenance, has turned up: its people must look before
 * anything is said of it, wherever it was seen and whoever approves it. Another organisation's claim tells the owner by its
 * transfer case, and the claimant nothing.
 */
async function judgeSuspension(
  claim: Claim,
  about: DeviceMention,
  live: readonly Binding[],
  life: Reads<'life'>['life'],
): Promise<Ruling | undefined> {
  if (live.some(({ org }) => org !== claim.org)) return undefined;
  for (const binding of live) {
    const suspension = await life.suspension(binding.id);
    if (suspension === undefined) continue;
    const seen = claim.site === null ? claim.domain : `${claim.domain}, ${claim.site}`;
    return held(
      'device_suspended',
      about,
      `${SINCE[suspension.reason]} since ${suspension.at}, seen at ${seen}`,
    );
  }
  return undefined;
}

function judgeLive(
  claim: Claim,
  pendingIn: string | undefined,
  about: DeviceMention,
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
    // The certificate for an earlier record of this device is being issued; this record is decided after it.
    if (own.state === 'issuing') throw new Error('an earlier record of this device is not finished');
    return { outcome: 'same', binding: own, about, keyDigest: claim.keyDigest };
  }
  const site = own.site === null ? '' : `, ${own.site}`;
  return refused('taken_same_org', about, `bound to ${own.domain}${site}`);
}
