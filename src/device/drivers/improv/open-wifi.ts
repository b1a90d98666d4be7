import type { Clock } from '../../../ports/clock.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { Link } from '../../../ports/link.ts';
import type { WifiStep } from '../../protocols/improv/wifi-step.ts';
import { BluetoothWifi } from './bluetooth-wifi.ts';
import { SerialWifi } from './serial-wifi.ts';

/** The Wi-Fi step of an Improv device on either link, or undefined if it is none. Asks for its state and no more. */
export async function openWifi(link: Link, clock: Clock, signal: AbortSignal): Promise<WifiStep | undefined> {
  if (link.shape === 'gatt') return BluetoothWifi.open(link, clock, signal);
  const step = new SerialWifi(link, clock);
  let isImprov = false;
  try {
    await step.state(signal);
    isImprov = true;
    return step;
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'timed_out') return undefined;
    throw error;
  } finally {
    if (!isImprov) step.release();
  }
}
