import { type Authority, liveOnes } from '../../ports/authorities.ts';

/**
 * What verifiers need of an organisation's issuing CAs over a rotation. All of its issuing CAs have the same name, so
 * a cross certificate is self-issued and does not count towards the anchors' path length (RFC 5280 section 4.2.1.9).
 */

/**
 * The published bundle in the form that RFC 7030 section 4.1.3 gives for a key update: anchors, then the cross
 * certificates between them.
 */
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
 * The certificates that go into a device behind its leaf, each signed by the next, up to the root. While two
 * generations live, the chain leads through the other generation's key, so that whoever trusts either anchor alone,
 * or the root, finds a path.
 */
export function chainOf(authority: Authority, generations: readonly Authority[], now: number): Uint8Array[] {
  const live = liveOnes(generations, now);
  const at = (generation: number) => live.find((one) => one.generation === generation);
  const [before, after] = [at(authority.generation - 1), at(authority.generation + 1)];
  if (before !== undefined && authority.crossed !== null)
    return [authority.crossed.newWithOld, ...upFrom(before)];
  if (after !== undefined && after.crossed !== null) return [after.crossed.oldWithNew, ...upFrom(after)];
  return upFrom(authority);
}

/** Without the root, which whoever trusts it has (RFC 8446 section 4.4.2). */
function upFrom({ certificate, above = [] }: Authority): Uint8Array[] {
  return [certificate, ...above.slice(0, -1)];
}
