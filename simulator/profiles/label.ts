import { toBase64 } from './base64.ts';
import { compressedSpki } from './device-key.ts';

/**
 * A Wi-Fi Easy Connect (DPP) bootstrapping URI: what makers print as a QR code, with the device's own public key in
 * it. `M` stands only where the UDID is a MAC address.
 */
export function dppLabel(udid: string, spki: Uint8Array): string {
  const mac = /^mac-([0-9a-f]{12})$/.exec(udid)?.[1];
  const fields = [
    `I:${udid}`,
    ...(mac === undefined ? [] : [`M:${mac}`]),
    `K:${toBase64(compressedSpki(spki))}`,
  ];
  return `DPP:${fields.join(';')};;`;
}
