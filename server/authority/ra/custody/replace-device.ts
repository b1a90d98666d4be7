import { toInstant } from '../../../../core/instant.ts';
import type { SignedCrl } from '../../../ports/crls.ts';
import { takeOver } from '../binding/take-over.ts';
import { type LifeParts, liveOf, type OwnDevice, type Word } from './device-life.ts';

/**
 * `with_unknown`: the new device is not bound in this organisation, so its key was never seen. `with_elsewhere`: it
 * is bound to another domain, which its certificate names. `with_taken`: it has already replaced another device.
 */
export type ReplaceFault = 'not_found' | 'not_ready' | 'with_unknown' | 'with_elsewhere' | 'with_taken';
type ReplaceResult =
  | { readonly ok: true; readonly binding: string; readonly lists: readonly SignedCrl[] }
  | { readonly ok: false; readonly why: ReplaceFault };

/**
 * Puts a new device in an old one's place. The new one must first be registered in the same domain, as every device
 * is; then it takes over the old one's site and position, and the old one's binding ends. A site or position that the
 * new one has already stays.
 */
export async function replaceDevice(
  old: OwnDevice,
  successor: Pick<OwnDevice, 'maker' | 'udid'>,
  word: Word,
  { urgent, lists, clock }: LifeParts,
): Promise<ReplaceResult> {
  const at = toInstant(clock.now());
  const done = await urgent(async (tx) => {
    const before = await liveOf(old, tx);
    if (before === undefined) return 'not_found';
    const after = await liveOf({ ...successor, org: old.org }, tx);
    if (after === undefined || after.id === before.id) return 'with_unknown';
    if (after.state === 'issuing' || before.state === 'issuing') return 'not_ready';
    if (after.domain !== before.domain) return 'with_elsewhere';
    if ((await tx.life.succession(after.id)) !== undefined) return 'with_taken';
    if (after.site === null && before.site !== null) await tx.bindings.setSite(after.id, before.site);
    const detail = `by ${after.maker} ${after.udid}, because: ${word.because}`;
    const issuers = await takeOver(before, after.id, { at, by: word.by, detail }, tx);
    return { binding: after.id, issuers };
  });
  if (typeof done === 'string') return { ok: false, why: done };
  return { ok: true, binding: done.binding, lists: await lists.publish(done.issuers) };
}
