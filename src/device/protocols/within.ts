import type { Timer } from '../../../core/clock.ts';
import { DeviceError } from '../../ports/device.ts';

/** What else may end a wait. `lost` is the link's: it aborts with the DeviceError that says why. */
export interface Ends {
  readonly clock: Timer;
  readonly signal: AbortSignal;
  readonly lost: AbortSignal;
}

/**
 * The result of `work`, unless the time limit, the abort or the loss of the link comes first. `work` itself is not
 * stopped (a GATT promise cannot be), only no longer waited for; its late rejection is nobody's.
 *
 * @param step names the wait in the error: fixed words, no data.
 */
export async function within<T>(work: Promise<T>, ms: number, step: string, ends: Ends): Promise<T> {
  work.catch(() => undefined);
  // A result that is there already does not outrun an end that came before it.
  stillOpen(ends, step);
  const over = new AbortController();
  const unhook: (() => void)[] = [];
  const ended = (by: AbortSignal, error: () => DeviceError) =>
    new Promise<never>((_, reject) => {
      const end = () => reject(error());
      if (by.aborted) end();
      else {
        by.addEventListener('abort', end, { once: true });
        unhook.push(() => by.removeEventListener('abort', end));
      }
    });
  const late = ends.clock.sleep(ms, over.signal).then(() => {
    // sleep() also resolves on its abort, when the race is already decided and this rejection goes nowhere.
    throw new DeviceError('timed_out', step);
  });
  const races = [
    ended(ends.lost, () => lossOf(ends.lost, step)),
    ended(ends.signal, () => new DeviceError('aborted', step)),
    late,
  ];
  for (const race of races) race.catch(() => undefined);
  try {
    return await Promise.race([work, ...races]);
  } finally {
    over.abort();
    for (const off of unhook) off();
  }
}

/** Throws if the wait is over before it began, so that nothing is sent for nobody. */
export function stillOpen(ends: Pick<Ends, 'signal' | 'lost'>, step: string): void {
  if (ends.lost.aborted) throw lossOf(ends.lost, step);
  if (ends.signal.aborted) throw new DeviceError('aborted', step);
}

function lossOf(lost: AbortSignal, step: string): DeviceError {
  return lost.reason instanceof DeviceError ? lost.reason : new DeviceError('link_lost', step);
}
