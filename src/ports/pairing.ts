import type { DeviceSession, LinkKind } from './device.ts';

/** How a device is reached from here. `open` must be called in a tap's own turn: browsers show choosers only then. */
export interface Pairing {
  /** Links this browser offers, best first. Asked anew each time: Bluetooth can be switched off. */
  available(): readonly LinkKind[];
  /** Shows the chooser, opens the link and finds the driver by asking the device. Rejects with DeviceError. */
  open(link: LinkKind, signal: AbortSignal): Promise<DeviceSession>;
}
