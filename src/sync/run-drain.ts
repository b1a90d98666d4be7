import { type DrainOutcome, drain } from './drain.ts';
import type { DrainPorts } from './drain-ports.ts';

const LOCK = 'fieldbind-drain';

/** One drain at a time over all tabs and the worker; `busy` where another one is at it. */
export async function runDrain(ports: DrainPorts, signal: AbortSignal): Promise<DrainOutcome | 'busy'> {
  // Without locks the leases keep drains apart. With them, whoever holds the lock knows that older leases are of the dead:
  // a record that was on its way when the phone died goes at once, not when its lease runs out.
  if (navigator.locks === undefined) return drain(ports, signal);
  return navigator.locks.request(LOCK, { ifAvailable: true }, (lock) =>
    lock === null ? 'busy' : drain({ ...ports, alone: true }, signal),
  );
}
