import { udidFromMac } from '../../../../core/udid.ts';
import { DeviceError } from '../../../ports/device.ts';

/** The firmware builds `CN=<node_id>` in 50 bytes with its end mark, and cuts what does not fit (generate_csr). */
const LONGEST_NODE_ID = 46;

/**
 * The name the device is told to take: the UDID of its label or list row if the app knows it, else that of its own
 * MAC. It must be the same at every visit. One too long for the request's subject gives way to the MAC as well.
 */
export function nodeIdOf(udid: string | undefined, mac: string): string {
  if (udid !== undefined && udid.length <= LONGEST_NODE_ID) return udid;
  const own = udidFromMac(mac);
  if (!own.ok) throw new DeviceError('device_garbage', 'claim start');
  return own.udid;
}
