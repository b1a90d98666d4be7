import { fromInstant } from '../../core/instant.ts';
import type { Enrolment, StoredPack } from '../ports/work.ts';

/** What must be true before a phone may say that it works offline. Each is looked at; none is assumed. */
export interface Readiness {
  /** An operator key that outlives the page, with a credential that is still good. */
  readonly operator: 'ready' | 'missing' | 'expired' | 'session_only';
  readonly pack: 'ready' | 'missing' | 'expired';
  /** The app itself, all of it, in this browser's cache. */
  readonly shell: boolean;
}

export function readiness(
  parts: {
    readonly enrolment: Enrolment | undefined;
    readonly pack: StoredPack | undefined;
    readonly shell: boolean;
  },
  now: number,
): Readiness {
  const { enrolment, pack, shell } = parts;
  return {
    operator: operatorOf(enrolment, now),
    pack: pack === undefined ? 'missing' : fromInstant(pack.pack.notAfter) <= now ? 'expired' : 'ready',
    shell,
  };
}

function operatorOf(enrolment: Enrolment | undefined, now: number): Readiness['operator'] {
  if (enrolment === undefined) return 'missing';
  if (fromInstant(enrolment.credential.notAfter) <= now) return 'expired';
  return enrolment.persistent ? 'ready' : 'session_only';
}

export function isReady({ operator, pack, shell }: Readiness): boolean {
  return operator === 'ready' && pack === 'ready' && shell;
}
