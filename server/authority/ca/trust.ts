import { type Authority, liveOnes } from '../../ports/authorities.ts';

/**
 * What verifiers need of an organisation's issuing CAs over a rotation. All of them bear one name, so each one's
 * certificate by another one is self-issued and takes no room in the anchors' path length (RFC 5280 section 4.2.1.9).
 */

/** The published bundle, as RFC 7030 section 4.1.3 gives a key's update: anchors, then what leads between two of them. */
export function bundleOf(generations: readonly Authority[], now: number): Uint8Array[] {
  const live = liveOnes(generations, now);
  const crossed = live.flatMap(({ generation, crossed: pair }) =>
    pair !== null && live.some((one) => one.generation === generation - 1)
      ? [pair.newWithOld, pair.oldWithNew]
      : [],
  );
  return [...live.map(({ anchor }) => anchor), ...crossed];
}

/**
 * What goes into a device behind its leaf, each signed by the next, up to the root. While two generations live it goes by
 * the other one's key, so that who trusts either anchor alone, or the root, finds a way.
 */
export function chainOf(authority: Authority, generations: readonly Authority[], now: number): Uint8Array[] {
  const live = liveOnes(generations, now);
  const at = (generation: number) => live.find((one) => one.generation === generation);
  const [before, after] = [at(authority.generation - 1), at(authority.generation + 1)];
  if (before !== undefined && authority.crossed !== null)
    return [authority.crossed.newWithOld, before.certificate];
  if (after !== undefined && after.crossed !== null) return [after.crossed.oldWithNew, after.certificate];
  return [authority.certificate];
}
