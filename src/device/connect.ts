import {
  DeviceError,
  type DevicePick,
  type DevicePort,
  type DeviceSession,
  type LinkKind,
} from '../ports/device.ts';
import type { Link, SimulatedWire } from '../ports/link.ts';
import { DRIVERS } from './drivers/all.ts';
import type { Driver, DriverContext } from './drivers/driver.ts';
import { openSimulated } from './links/simulated.ts';
import { hasWebBluetooth, openBluetooth, pickBluetoothDevice } from './links/web-bluetooth.ts';
import { hasWebSerial, openSerial, pickSerialPort } from './links/web-serial.ts';
import { webProtocommCrypto } from './web-protocomm-crypto.ts';

const ATTEMPTS = 3;

export interface DevicePortOptions extends DriverContext {
  /** Gives a simulated device's wire, loading it when asked. Left out where simulated devices are not offered. */
  readonly simulated?: () => Promise<SimulatedWire>;
  /** In the order they ask the device; all we have if left out. */
  readonly drivers?: readonly Driver[];
}

export function createDevicePort(given: DevicePortOptions): DevicePort {
  const options = { protocomm: webProtocommCrypto(), ...given };
  const drivers = options.drivers ?? DRIVERS;
  return {
    availableLinks: () => ({
      serial: hasWebSerial(),
      bluetooth: hasWebBluetooth(),
      usb: false,
      simulated: options.simulated !== undefined,
    }),
    async choose(kind, signal, pick) {
      const open = await chosen(kind, options, drivers, signal, pick);
      for (let attempt = 1; ; attempt++) {
        try {
          return await detectOn(await open(), drivers, options, signal);
        } catch (error) {
          if (!isEarlyLoss(kind, error) || attempt === ATTEMPTS) throw error;
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
      return () => openSerial(port, options.clock, signal);
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
    case 'usb':
      throw new DeviceError('unsupported_here', 'WebUSB');
  }
}

/** Asks each driver in turn. The link is closed unless a session took it over. */
export async function detectOn(
  link: Link,
  drivers: readonly Driver[],
  context: DriverContext,
  signal: AbortSignal,
): Promise<DeviceSession> {
  let session: DeviceSession | undefined;
  let silence: DeviceError | undefined;
  try {
    for (const driver of drivers) {
      try {
        session = await driver.detect(link, context, signal);
      } catch (error) {
        // Silent to one protocol is not silent to the next; anything else ends the search.
        if (!(error instanceof DeviceError) || error.code !== 'device_silent') throw error;
        silence = error;
      }
      if (session !== undefined) return session;
    }
    throw silence ?? new DeviceError('driver_unknown', 'detection');
  } finally {
    if (session === undefined) await link.close();
  }
}
