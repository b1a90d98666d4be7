import { CHECKS } from '../../contract/codes.ts';
import { isUdid } from '../../core/udid.ts';
import { type InstallState, type LabelSource, resumable } from '../flow/install.ts';
import { type Drafts, INSTALL_DRAFT } from '../ports/drafts.ts';

/** Whose work a draft is, and by which pack it was looked up and checked. */
export interface DraftOwner {
  readonly operator: string;
  readonly org: string;
  readonly app: string;
  readonly pack: string;
}

/** What a kept draft allows: going on where it stood, or looking its label up anew, since the list is another one now. */
export type KeptDraft =
  | { readonly kind: 'state'; readonly state: InstallState }
  | { readonly kind: 'label'; readonly text: string; readonly how: LabelSource };

/**
 * Keeps what a restart may go on from, or drops it where nothing is left to go on with. A draft is a convenience: where
 * it cannot be kept the flow goes on, and saving the record itself is what must say so.
 */
export async function keepDraft(drafts: Drafts, owner: DraftOwner, state: InstallState): Promise<void> {
  const kept = resumable(state);
  try {
    await (kept === undefined
      ? drafts.drop(INSTALL_DRAFT)
      : drafts.save(INSTALL_DRAFT, { ...owner, state: kept }));
  } catch {
    // told by the capture, if it fails as well
  }
}

/** The draft of this person and organisation, if there is one and it has the shape of one. Anything else is nobody's. */
export async function loadDraft(drafts: Drafts, owner: DraftOwner): Promise<KeptDraft | undefined> {
  let kept: unknown;
  try {
    kept = await drafts.load(INSTALL_DRAFT);
  } catch {
    return undefined; // the flow starts anew; saving will say what is wrong with the storage
  }
  if (!isObject(kept) || kept.operator !== owner.operator || kept.org !== owner.org) return undefined;
  const { state } = kept;
  if (kept.app !== owner.app || !isState(state)) return undefined;
  if (kept.pack === owner.pack) return { kind: 'state', state };
  return 'label' in state ? { kind: 'label', text: state.label.text, how: state.label.how } : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isState(value: unknown): value is InstallState {
  if (!isObject(value) || !isLabel(value.label)) return false;
  switch (value.at) {
    case 'pair':
      return true;
    case 'checked':
    case 'place':
      return (
        hasUdid(value.label) &&
        isReading(value.reading) &&
        areChecks(value.checks) &&
        typeof value.pack === 'string'
      );
    default:
      return false;
  }
}

function isLabel(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.text === 'string' &&
    typeof value.kind === 'string' &&
    (value.udid === undefined || (typeof value.udid === 'string' && isUdid(value.udid))) &&
    Array.isArray(value.aliases) &&
    (value.how === 'camera' || value.how === 'photo' || value.how === 'typed')
  );
}

function hasUdid(label: unknown): boolean {
  return isObject(label) && label.udid !== undefined;
}

function isReading(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.evidence) || !isObject(value.identity) || !isObject(value.traits))
    return false;
  const { publicKey, csr } = value.evidence;
  return (
    publicKey instanceof Uint8Array && csr instanceof Uint8Array && typeof value.identity.driver === 'string'
  );
}

function areChecks(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((check: unknown) => isObject(check) && CHECKS.some((name) => name === check.check))
  );
}
