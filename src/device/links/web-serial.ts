import { DeviceError, type DevicePick } from '../../ports/device.ts';
import { fromPlatform } from '../error.ts';

export function hasWebSerial(): boolean {
  return 'serial' in navigator;
}

/**
 * A port, by the person's choice or by an earlier one. A port that was plugged in again is a new object, so ports are
 * never kept: each connection asks anew.
 */
export async function pickSerialPort(pick: DevicePick): Promise<SerialPort> {
  if (!hasWebSerial()) throw new DeviceError('unsupported_here', 'Web Serial');
  try {
    const known = pick === 'ask' ? [] : await navigator.serial.getPorts();
    const [first, second] = known;
    if (first !== undefined && (second === undefined || pick === 'known-only')) return first;
    if (pick === 'known-only') throw new DeviceError('no_device_chosen', 'Web Serial');
    // A gesture lasts some seconds, so the question above has not used it up.
    return await navigator.serial.requestPort();
  } catch (error) {
    throw fromPlatform(error, 'serial chooser', 'link_refused');
  }
}
