import type { Clock } from '../../../core/clock.ts';

/**
 * Lets so many signatures be made each second, a second's worth at once, and says false beyond that. A clock that jumps gives
 * at most one second's worth and takes nothing.
 */
export function signatureBudget(perSecond: number, clock: Clock): () => boolean {
  let left = perSecond;
  let at = clock.now();
  return () => {
    const now = clock.now();
    left = Math.min(perSecond, left + (Math.max(0, now - at) * perSecond) / 1000);
    at = now;
    if (left < 1) return false;
    left--;
    return true;
  };
}
