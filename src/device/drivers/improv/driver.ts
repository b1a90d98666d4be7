import { DeviceError } from '../../../ports/device.ts';
import { greet } from '../../protocols/greeting.ts';
import type { Driver } from '../driver.ts';
import { BluetoothWifi, IMPROV_SERVICE } from './bluetooth-wifi.ts';
import { IMPROV, ImprovSession } from './session.ts';
import { SerialWifi } from './serial-wifi.ts';

/** Firmware with Improv, on both links. Last in the order: what has a key as well is better served by its own driver. */
export const improv: Driver = {
  name: IMPROV,
  bluetoothServices: [IMPROV_SERVICE],
  async detect(link, context, signal) {
    if (link.shape === 'gatt') {
      const wifi = await BluetoothWifi.open(link, context.clock, signal);
      return wifi === undefined ? undefined : new ImprovSession(link, wifi);
    }
    const wifi = new SerialWifi(link, context.clock);
    let isImprov = false;
    try {
      if ((await greet(link, IMPROV, context.clock, signal)) !== 'improv') return undefined;
      // Asks for its state, and for no more.
      await wifi.state(signal);
      isImprov = true;
      return new ImprovSession(link, wifi);
    } catch (error) {
      if (error instanceof DeviceError && error.code === 'timed_out') return undefined;
      throw error;
    } finally {
      if (!isImprov) wifi.release();
    }
  },
};
