import { fromInstant } from '../../core/instant.ts';
import type { Enrolment, StoredPack } from '../ports/work.ts';

/** What must be true before a phone may say that it works offline. Each is looked at; none is assumed. */
export interface Readiness {
  /** An operator key that outlives the page, with a credential that is still good. */
  readonly operator: 'ready' | 'missing' | 'expired' | 'session_only';
  readonly pack: 'ready' | 'missing' | 'expired';
  /** The app itself, all of it, in this browser's cache. */
  readonly shell: boolean;
  /** `behind`, `ahead`: records captured by this phone's clock would be held. */
  readonly clock: 'ready' | 'behind' | 'ahead';
}

/**
 * How far a phone's clock may be off before it is told. The backend holds what is a day off; whoever sets the clock right at
 * this distance never comes there.
 */
const CLOCK_TOLERANCE_MS = 3_600_000;

export function readiness(
  parts: {
    readonly enrolment: Enrolment | undefined;
    readonly pack: StoredPack | undefined;
    readonly shell: boolean;
    /** Packs of every organisation, whose statements tell how late it is at the least. */
    readonly packs?: readonly StoredPack[];
    /** By how much the backend's clock was ahead of this phone's in its last answer; undefined if none came yet. */
    readonly behindBackend?: number | undefined;
  },
  now: number,
): Readiness {
  const { enrolment, pack, shell, packs = [], behindBackend } = parts;
  const held = [...packs, ...(pack === undefined ? [] : [pack])].map(({ pack: { issuedAt } }) => issuedAt);
  if (enrolment !== undefined) held.push(enrolment.credential.at);
  return {
    operator: operatorOf(enrolment, now),
    pack: pack === undefined ? 'missing' : fromInstant(pack.pack.notAfter) <= now ? 'expired' : 'ready',
    shell,
    clock: clockOf(now, held.map(fromInstant), behindBackend),
  };
}

/**
 * What the backend signed cannot come from the future: that a clock is behind is known without signal. That it is ahead only
 * an answer tells, which also says more exactly how far it is behind.
 */
function clockOf(
  now: number,
  held: readonly number[],
  behindBackend: number | undefined,
): Readiness['clock'] {
  if (held.some((at) => now < at - CLOCK_TOLERANCE_MS)) return 'behind';
  if (behindBackend === undefined || Math.abs(behindBackend) <= CLOCK_TOLERANCE_MS) return 'ready';
  return behindBackend > 0 ? 'behind' : 'ahead';
}

function operatorOf(enrolment: Enrolment | undefined, now: number): Readiness['operator'] {
  if (enrolment === undefined) return 'missing';
  if (fromInstant(enrolment.credential.notAfter) <= now) return 'expired';
  return enrolment.persistent ? 'ready' : 'session_only';
}

export function isReady({ operator, pack, shell, clock }: Readiness): boolean {
  return operator === 'ready' && pack === 'ready' && shell && clock === 'ready';
}
