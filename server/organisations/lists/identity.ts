import type { CryptoPort } from '../../../core/crypto.ts';
import {
  isUdid,
  type UdidResult,
  udidFromImei,
  udidFromMac,
  udidFromSerial,
  udidFromUuid,
} from '../../../core/udid.ts';

/** Columns that name a device. `device` is whatever another system calls it. */
export const IDENTITIES = ['udid', 'serial', 'mac', 'imei', 'uuid', 'device'] as const;
export type Identity = (typeof IDENTITIES)[number];

type IdentityResult = UdidResult | { readonly ok: true; readonly udid: string };

export async function toUdid(
  kind: Identity,
  text: string,
  maker: string,
  crypto: CryptoPort,
): Promise<IdentityResult> {
  switch (kind) {
    case 'udid':
      return { ok: true, udid: text }; // judged with the rest of the row (check-row.ts)
    case 'serial':
      return udidFromSerial(crypto, maker, text);
    case 'mac':
      return udidFromMac(text);
    case 'imei':
      return udidFromImei(text);
    case 'uuid':
      return udidFromUuid(text);
    case 'device':
      return fromForeignId(text, maker, crypto);
  }
}

/**
 * Reads a foreign device name as an IMEI (nRF Cloud writes `nrf-` before it), a UUID, a MAC in MAC notation, or a
 * UDID of ours; any other text is the maker's serial. Twelve hex digits alone are a serial, since they need not be a
 * MAC.
 */
function fromForeignId(
  text: string,
  maker: string,
  crypto: CryptoPort,
): Promise<IdentityResult> | IdentityResult {
  const imei = udidFromImei(text.replace(/^nrf-(?=\d{15}$)/, ''));
  if (imei.ok) return imei;
  const uuid = udidFromUuid(text);
  if (uuid.ok) return uuid;
  const mac = udidFromMac(text);
  if (mac.ok && /[:-]/.test(text)) return mac;
  return isUdid(text) ? { ok: true, udid: text } : udidFromSerial(crypto, maker, text);
}
