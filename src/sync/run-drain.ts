import { type DrainOutcome, drain } from './drain.ts';
import type { DrainPorts } from './drain-ports.ts';

const LOCK = 'fieldbind-drain';

/**
 * One drain at a time over all tabs and the worker; `busy` where another one is at it for longer than `patienceMs`. A page
 * waits a while, since what the worker met is not told to it: else it would show for half a minute what was so before.
 */
export async function runDrain(
  ports: DrainPorts,
  signal: AbortSignal,
  patienceMs = 0,
): Promise<DrainOutcome | 'busy'> {
  // Without locks the leases keep drains apart. With them, whoever holds the lock knows that older leases are of the dead:
  // a record that was on its way when the phone died goes at once, not when its lease runs out.
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
