import type { BackendFailure } from '../ports/backend.ts';

/** The stable code of anything thrown by our own adapters; a fault of ours that nobody foresaw is `unexpected`. */
export function codeOf(error: unknown): string {
  return error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[a-z0-9_]+$/.test(error.code)
    ? error.code
    : 'unexpected';
}

/** What a backend's refusal is called: its own code where it gave one. */
export function failureCode(failure: BackendFailure): string {
  return failure.kind === 'refused' ? failure.code : failure.kind;
}
