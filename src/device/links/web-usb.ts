import { DeviceError, type DevicePick } from '../../ports/device.ts';
import { fromPlatform } from '../error.ts';
import { acmFunction, CONTROL } from './acm-function.ts';

export function hasWebUsb(): boolean {
  return 'usb' in navigator;
}

/**
 * A USB device with a serial port, by the person's choice or by an earlier one. One that was plugged in again is a new
 * object, so devices are never kept: each connection asks anew.
 */
export async function pickUsbDevice(pick: DevicePick): Promise<USBDevice> {
  if (!hasWebUsb()) throw new DeviceError('unsupported_here', 'WebUSB');
  try {
    const known = pick === 'ask' ? [] : await navigator.usb.getDevices();
    const [first, second] = known.filter((device) => acmFunction(device) !== undefined);
    if (first !== undefined && (second === undefined || pick === 'known-only')) return first;
    if (pick === 'known-only') throw new DeviceError('no_device_chosen', 'WebUSB');
    return await navigator.usb.requestDevice({ filters: [CONTROL] });
  } catch (error) {
    throw fromPlatform(error, 'usb chooser', 'link_refused');
  }
}
