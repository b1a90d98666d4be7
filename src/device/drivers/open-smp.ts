import type { DeviceSession } from '../../ports/device.ts';
import type { GattLink } from '../../ports/link.ts';
import { SmpClient } from '../protocols/smp-client.ts';
import { GattSmpCarrier, WORTH_GROWING_TO } from '../protocols/smp-gatt.ts';
import type { DriverContext } from './driver.ts';

/**
 * Opens a session over Bluetooth SMP. `begin` gives undefined where the device is another driver's; the carrier is then
 * released here, and whenever it throws. Undefined too where the device has no SMP service.
 */
export async function openSmpSession(
  link: GattLink,
  context: DriverContext,
  signal: AbortSignal,
  begin: (client: SmpClient, release: () => void) => Promise<DeviceSession | undefined>,
): Promise<DeviceSession | undefined> {
  const carrier = await GattSmpCarrier.open(link, signal);
  if (carrier === undefined) return undefined;
  const release = () => carrier.release();
  let session: DeviceSession | undefined;
  try {
    const client = new SmpClient(carrier, context.clock);
    await carrier.grow(client, signal, WORTH_GROWING_TO);
    session = await begin(client, release);
    return session;
  } finally {
    if (session === undefined) release();
  }
}
