import { toBase64 } from './base64.ts';
import { compressedSpki, type DeviceKey } from './device-key.ts';

/**
 * A Wi-Fi Easy Connect (DPP) bootstrapping URI: what makers print as a QR code, with the device's own public key in
 * it. `M` stands only where the UDID is a MAC address. DPP knows elliptic curves for ECDH alone (its section 3.2): a device
 * with another key has its plain MAC or UDID printed.
 */
export function dppLabel(udid: string, key: DeviceKey): string {
  const mac = /^mac-([0-9a-f]{12})$/.exec(udid)?.[1];
  if (key.type === 'ed25519' || key.type === 'rsa2048') return mac ?? udid;
  const fields = [
    `I:${udid}`,
    ...(mac === undefined ? [] : [`M:${mac}`]),
    `K:${toBase64(compressedSpki(key))}`,
  ];
  return `DPP:${fields.join(';')};;`;
}
