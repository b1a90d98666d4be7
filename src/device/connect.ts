import { DeviceError, type DevicePick, type DevicePort, type LinkKind } from '../ports/device.ts';
import type { Link, SimulatedWire } from '../ports/link.ts';
import { detectOn } from './detect.ts';
import { DRIVERS } from './drivers/all.ts';
import type { Driver, DriverContext } from './drivers/driver.ts';
import { openPort } from './links/port-link.ts';
import { openSimulated } from './links/simulated.ts';
import { UsbPort } from './links/usb-port.ts';
import { hasWebBluetooth, openBluetooth, pickBluetoothDevice } from './links/web-bluetooth.ts';
import { hasWebSerial, pickSerialPort } from './links/web-serial.ts';
import { hasWebUsb, pickUsbDevice } from './links/web-usb.ts';
import { webProtocommCrypto } from './web-protocomm-crypto.ts';

export { detectOn };

const ATTEMPTS = 3;
const RETRY_MS = 300;

export interface DevicePortOptions extends Omit<DriverContext, 'visit'> {
  /** Gives a simulated device's wire, loading it when asked. Left out where simulated devices are not offered. */
  readonly simulated?: () => Promise<SimulatedWire>;
  /** In the order they ask the device; all we have if left out. */
  readonly drivers?: readonly Driver[];
}

export function createDevicePort(settings: DevicePortOptions): DevicePort {
  const options = { protocomm: webProtocommCrypto(), ...settings };
  const drivers = options.drivers ?? DRIVERS;
  return {
    availableLinks: () => ({
      serial: hasWebSerial(),
      bluetooth: hasWebBluetooth(),
      // Beside Web Serial too: on Android that is new (blink-dev, 24 March 2026) and may offer no port for a board on USB.
      usb: hasWebUsb(),
      simulated: options.simulated !== undefined,
    }),
    async choose(kind, signal, { pick, visit = {} } = {}) {
      const context: DriverContext = { ...options, visit };
      const open = await chosen(kind, options, drivers, signal, pick);
      for (let attempt = 1; ; attempt++) {
        try {
          return await detectOn(await open(), drivers, context, signal);
        } catch (error) {
          if (!isEarlyLoss(kind, error) || attempt === ATTEMPTS) throw error;
          await options.clock.sleep(RETRY_MS * attempt, signal);
        }
      }
    },
  };
}

/** A radio link often comes up and falls at once (Bluetooth error 0x3E); the next attempt holds. */
function isEarlyLoss(kind: LinkKind, error: unknown): boolean {
  return kind === 'bluetooth' && error instanceof DeviceError && error.code === 'link_lost';
}

/** The person's choice, made once, and how to open it, as often as it takes. */
async function chosen(
  kind: LinkKind,
  options: DevicePortOptions,
  drivers: readonly Driver[],
  signal: AbortSignal,
  pick: DevicePick | undefined,
): Promise<() => Promise<Link>> {
  switch (kind) {
    case 'serial': {
      const port = await pickSerialPort(pick ?? 'known-first');
      return () => openPort(port, 'serial', options.clock, signal);
    }
    case 'bluetooth': {
      const services = [...new Set(drivers.flatMap((driver) => driver.bluetoothServices))];
      const device = await pickBluetoothDevice(pick ?? 'ask', services, options.clock, signal);
      return () => openBluetooth(device, options.clock, signal);
    }
    case 'simulated': {
      if (options.simulated === undefined) throw new DeviceError('unsupported_here', 'simulated device');
      const wire = await options.simulated();
      return async () => openSimulated(wire);
    }
    case 'usb': {
      const device = await pickUsbDevice(pick ?? 'known-first');
      return () => openPort(new UsbPort(device), 'usb', options.clock, signal);
    }
  }
}
