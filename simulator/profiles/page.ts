import { type DeviceState, newDeviceState, randomUdid } from './device-state.ts';
import type { Firmware, Misbehaviour } from './firmware.ts';
import { ZephyrCredDevice } from './zephyr-cred.ts';

export interface SimulatedDeviceOptions {
  readonly udid?: string;
  /** A state kept from before; a new device if left out. */
  readonly state?: DeviceState;
  readonly firmware?: Partial<Firmware>;
  readonly misbehaviour?: Misbehaviour;
  readonly onState?: (state: DeviceState) => void;
}

/** A device in the page: its label to scan or type, and the wire that the simulated link opens. */
export interface PageDevice {
  readonly device: ZephyrCredDevice;
  readonly udid: string;
  readonly label: string;
  /** Fits src/ports/link.ts SimulatedWire. Attaching resets the device, as a cable with DTR wired to reset does. */
  readonly wire: {
    attach(
      onBytes: (chunk: Uint8Array) => void,
      onCut: () => void,
    ): { send(bytes: Uint8Array): void; detach(): void };
  };
}

/** From reset to the first byte: long enough for the far end to listen, as with a real bootloader. */
const BOOT_MS = 60;

export async function createSimulatedDevice(options: SimulatedDeviceOptions = {}): Promise<PageDevice> {
  const state = options.state ?? (await newDeviceState(options.udid ?? randomUdid()));
  const device = await ZephyrCredDevice.start({ ...options, state });
  return {
    device,
    udid: device.udid,
    label: device.label,
    wire: {
      attach(onBytes, onCut) {
        const end = device.attachUart(onBytes, onCut);
        setTimeout(() => device.reset(), BOOT_MS);
        return {
          send: (bytes) => void end.send(bytes),
          detach: () => end.detach(),
        };
      },
    },
  };
}

/** A state kept before, if that is what it is; storage is nobody's to trust. */
export function readState(stored: unknown): DeviceState | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { udid, jwk, credentials } = stored as Partial<DeviceState>;
  return typeof udid === 'string' && typeof jwk === 'object' && typeof credentials === 'object'
    ? (stored as DeviceState)
    : undefined;
}
