import type { BackendFailure } from '../ports/backend.ts';
import type { QueuedRecord, SendFault, Settlement } from '../ports/outbox.ts';
import { backoff } from './backoff.ts';
import type { DrainPorts } from './drain-ports.ts';

/** A lease lasts longer than any request of ours. After a crash it expires, and the record can be leased again. */
export const LEASE_MS = 60_000;

type NotSent = Extract<Settlement, { kind: 'not_sent' }>;

/** Retried only after other drains had their turn: due at once, the record would be first in the next batch again. */
export function setAside(ports: DrainPorts, row: QueuedRecord): Settlement {
  const settled = notSent(ports, row, 'answer_invalid', undefined);
  return { ...settled, nextAt: Math.max(settled.nextAt, settled.fault.at + LEASE_MS) };
}

/** What a drain says whose operator key the backend does not know. */
export const KEY_UNKNOWN: BackendFailure = { kind: 'refused', code: 'operator_key_unknown', detail: '' };

/** Not due again at once either: whoever tells the backend of the key comes after this drain's batches. */
export function keyUnknown(ports: DrainPorts, row: QueuedRecord): Settlement {
  const settled = notSent(ports, row, 'operator_key_unknown', undefined);
  return { ...settled, nextAt: Math.max(settled.nextAt, settled.fault.at + LEASE_MS) };
}

export function notSent(
  ports: Pick<DrainPorts, 'clock' | 'crypto'>,
  row: QueuedRecord,
  code: SendFault['code'],
  failure: BackendFailure | undefined,
): NotSent {
  const now = ports.clock.now();
  const named = failure?.kind === 'busy' ? failure.retryAfterMs : null;
  const random = (ports.crypto.random(1)[0] ?? 0) / 256;
  return {
    id: row.id,
    kind: 'not_sent',
    fault: { code, at: now },
    nextAt: now + backoff(row.attempts, random, named),
  };
}

export function faultOf(failure: BackendFailure): SendFault['code'] {
  switch (failure.kind) {
    case 'unreachable':
      return 'no_answer';
    case 'not_our_backend':
      return 'not_our_backend';
    case 'signed_out':
      return 'signed_out';
    case 'busy':
      return 'busy';
    case 'refused':
      return 'answer_invalid';
  }
}
