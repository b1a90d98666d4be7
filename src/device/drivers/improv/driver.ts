import type { Timer } from '../../../../core/clock.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { ByteLink, Link } from '../../../ports/link.ts';
import { greet } from '../../protocols/greeting.ts';
import type { Driver } from '../driver.ts';
import { BluetoothWifi, IMPROV_SERVICE } from './bluetooth-wifi.ts';
import type { ImprovWifi } from './improv-wifi.ts';
import { SerialWifi } from './serial-wifi.ts';
import { IMPROV, ImprovSession } from './session.ts';

/** Firmware with Improv, on both links. Last in the order: what has a key as well is better served by its own driver. */
export const improv: Driver = {
  name: IMPROV,
  bluetoothServices: [IMPROV_SERVICE],
  async detect(link, { clock }, signal) {
    const wifi = await openWifi(link, clock, signal);
    if (wifi === undefined) return undefined;
    let isImprov = false;
    try {
      // Asks for its state, and for no more.
      await wifi.state(signal);
      isImprov = true;
      return new ImprovSession(link, wifi);
    } catch (error) {
      // On a cable anybody may be silent; a device that offers the service and stays silent is out of order.
      const isOther = error instanceof DeviceError && error.code === 'timed_out' && link.shape === 'bytes';
      if (isOther) return undefined;
      throw error;
    } finally {
      if (!isImprov) wifi.release();
    }
  },
};

async function openWifi(link: Link, clock: Timer, signal: AbortSignal): Promise<ImprovWifi | undefined> {
  return link.shape === 'gatt' ? BluetoothWifi.open(link, clock, signal) : onCable(link, clock, signal);
}

async function onCable(link: ByteLink, clock: Timer, signal: AbortSignal): Promise<ImprovWifi | undefined> {
  return (await greet(link, IMPROV, clock, signal)) === 'improv' ? new SerialWifi(link, clock) : undefined;
}
