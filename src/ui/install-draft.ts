import { type InstallState, resumable } from '../flow/install.ts';
import type { Drafts } from './model.ts';

export const INSTALL_DRAFT = 'install';

/**
 * Keeps what a restart may go on from, or drops it where nothing is left to go on with. A draft is a convenience: where
 * it cannot be kept the flow goes on, and saving the record itself is what must say so.
 */
export async function keepDraft(drafts: Drafts, state: InstallState): Promise<void> {
  const kept = resumable(state);
  try {
    await (kept === undefined ? drafts.drop(INSTALL_DRAFT) : drafts.save(INSTALL_DRAFT, kept));
  } catch {
    // told by the capture, if it fails as well
  }
}

/** The state kept before, if it still has the shape of one. Written by this app alone, it is checked all the same. */
export async function loadDraft(drafts: Drafts): Promise<InstallState | undefined> {
  const kept = await drafts.load(INSTALL_DRAFT);
  if (typeof kept !== 'object' || kept === null || !('at' in kept) || !('label' in kept)) return undefined;
  return kept.at === 'pair' || kept.at === 'checked' || kept.at === 'place'
    ? (kept as InstallState)
    : undefined;
}
