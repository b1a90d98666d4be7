import { type DrainOutcome, drain } from './drain.ts';
import type { DrainPorts } from './drain-ports.ts';

const LOCK = 'fieldbind-drain';

/** One drain at a time over all tabs and the worker; `busy` where another one is at it. */
export async function runDrain(ports: DrainPorts, signal: AbortSignal): Promise<DrainOutcome | 'busy'> {
  // The lock is only a courtesy that saves requests: leases in the outbox keep records apart even without it.
  if (navigator.locks === undefined) return drain(ports, signal);
  return navigator.locks.request(LOCK, { ifAvailable: true }, (lock) =>
    lock === null ? 'busy' : drain(ports, signal),
  );
}
