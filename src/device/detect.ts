import { DeviceError, type DeviceErrorCode, type DeviceSession } from '../ports/device.ts';
import type { Link } from '../ports/link.ts';
import type { Driver, DriverContext } from './drivers/driver.ts';
import { Ears } from './ears.ts';

/** The search is over with these: the link or the person ended it, and the next driver could do no better. */
const ENDS: ReadonlySet<DeviceErrorCode> = new Set<DeviceErrorCode>([
  'aborted',
  'link_lost',
  'link_refused',
  'link_busy',
  'link_stuck',
]);

/** Two silences one after the other, and no sound meanwhile: a dead line, not a device that was starting. */
const MOST_SILENCES = 2;
const MOST_ROUNDS = 3;

/**
 * Asks each driver in turn, so that nobody asks the person for a protocol. A driver that fails leaves the turn to the
 * next, since one protocol's silence or refusal says nothing of another's; what is told in the end is the most that
 * any of them learnt. The link is closed unless a session took it over.
 */
export async function detectOn(
  link: Link,
  drivers: readonly Driver[],
  context: DriverContext,
  signal: AbortSignal,
): Promise<DeviceSession> {
  const ears = new Ears(link, context.clock);
  const faults: DeviceError[] = [];
  let session: DeviceSession | undefined;
  try {
    for (let round = 0; round < MOST_ROUNDS && session === undefined; round++) {
      session = await oneRound(ears, drivers, context, signal, faults);
      // Opening a port resets many boards (DTR or RTS wired to reset): one that was still starting is asked again.
      if (!ears.spokeUnasked()) break;
    }
    if (session === undefined) throw mostTelling(faults, ears.heard);
    return session;
  } finally {
    ears.stop();
    if (session === undefined) await link.close();
  }
}

async function oneRound(
  ears: Ears,
  drivers: readonly Driver[],
  context: DriverContext,
  signal: AbortSignal,
  faults: DeviceError[],
): Promise<DeviceSession | undefined> {
  for (const driver of drivers) {
    try {
      const session = await driver.detect(ears.link, context, signal);
      if (session !== undefined) return session;
    } catch (error) {
      if (!(error instanceof DeviceError) || ENDS.has(error.code)) throw error;
      faults.push(error);
      const silences = faults.filter(({ code }) => code === 'device_silent').length;
      if (silences >= MOST_SILENCES && !ears.heard) return undefined;
    }
  }
  return undefined;
}

/** A driver that got as far as an error of its own knows most. What made any sound is never called silent. */
function mostTelling(faults: readonly DeviceError[], heard: boolean): DeviceError {
  const firstOf = (is: (code: DeviceErrorCode) => boolean) => faults.find(({ code }) => is(code));
  return (
    firstOf((code) => code !== 'device_silent' && code !== 'timed_out') ??
    firstOf((code) => code === 'timed_out') ??
    (heard ? undefined : firstOf((code) => code === 'device_silent')) ??
    new DeviceError('driver_unknown', 'detection')
  );
}
