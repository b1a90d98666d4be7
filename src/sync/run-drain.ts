import { type DrainOutcome, drain } from './drain.ts';
import type { DrainPorts } from './drain-ports.ts';

const LOCK = 'fieldbind-drain';

/**
 * One drain at a time over all tabs and the worker, by a Web Lock. `busy`: another drain kept the lock for longer
 * than `patienceMs`. A page waits for it, because nobody tells the page what the worker received, and it would show
 * the old state for half a minute.
 */
export async function runDrain(
  ports: DrainPorts,
  signal: AbortSignal,
  patienceMs = 0,
): Promise<DrainOutcome | 'busy'> {
  // Without Web Locks the leases keep drains apart. Under the lock no other drain is alive, so a lease found there is
  // stale, and its record is sent at once instead of after the lease has expired.
  if (navigator.locks === undefined) return drain(ports, signal);
  const turn = patienceMs === 0 ? { ifAvailable: true } : { signal: AbortSignal.timeout(patienceMs) };
  let isMine = false;
  const work = async (lock: Lock | null): Promise<DrainOutcome | 'busy'> => {
    isMine = true;
    return lock === null ? 'busy' : drain({ ...ports, alone: true }, signal);
  };
  return navigator.locks.request(LOCK, turn, work).catch((error: unknown) => {
    if (!isMine && error instanceof Error && error.name === 'TimeoutError') return 'busy';
    throw error;
  });
}
