import type { DrainOutcome } from '../src/sync/drain.ts';

/** Why a later background sync may do better; undefined where it cannot, or where nothing is left to do. */
export function whyAgain(outcome: DrainOutcome | 'busy'): string | undefined {
  // A page is at it, and may be closed before it is done.
  if (outcome === 'busy') return 'another drain is at work';
  if (outcome.kind !== 'stopped') return undefined;
  switch (outcome.failure.kind) {
    case 'unreachable':
      return 'no signal';
    case 'not_our_backend':
      return 'a captive portal';
    case 'busy':
      return 'the backend is busy';
    case 'signed_out':
    case 'refused':
      // Only a person helps.
      return undefined;
  }
}
