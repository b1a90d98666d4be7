import { type Bytes, concat, fromUtf8, utf8 } from '../../../../core/bytes.ts';
import { DeviceError, type WifiNetwork, type WifiState } from '../../../ports/device.ts';
import { MOST_NETWORKS } from '../wifi-networks.ts';

/** Remote commands that serial and Bluetooth share (improv-wifi/website, serial.md and ble.md). */
export const RPC = { setWifi: 1, requestState: 2, info: 3, scan: 4 } as const;
/** Largest of an error's numbers is FF; 0 is none. */
export const NO_ERROR = 0;

/** `command, length, data`: the same on both links; Bluetooth adds a checksum, serial frames it. */
export function rpc(command: number, data: Uint8Array = new Uint8Array(0)): Bytes {
  return concat(Uint8Array.of(command, data.length), data);
}

/** Network name and password, each with its length. Both are bounded by 802.11: 32 and 64 bytes. */
export function wifiSettings(ssid: string, password: string): Bytes {
  const [name, secret] = [utf8(ssid), utf8(password)];
  if (name.length === 0 || name.length > 32) throw new DeviceError('wifi_not_found', 'network settings');
  if (secret.length > 64) throw new DeviceError('wifi_password_wrong', 'network settings');
  return concat(Uint8Array.of(name.length), name, Uint8Array.of(secret.length), secret);
}

export function checksum(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0);
}

/** The texts of an RPC result `command, length, {length, text}*`; undefined if it is malformed. */
export function parseResult(
  data: Uint8Array,
): { readonly command: number; readonly texts: readonly string[] } | undefined {
  const [command, length] = data;
  if (command === undefined || length === undefined || data.length !== 2 + length) return undefined;
  const texts: string[] = [];
  for (let at = 2; at < data.length; ) {
    const size = data[at] ?? 0;
    if (at + 1 + size > data.length) return undefined;
    const text = fromUtf8(data.subarray(at + 1, at + 1 + size));
    if (text === undefined) return undefined;
    texts.push(text);
    at += 1 + size;
  }
  return { command, texts };
}

/** Triples of name, strength and `YES` or `NO`; what does not fit that is left out. */
export function networksIn(texts: readonly string[]): WifiNetwork[] {
  const found: WifiNetwork[] = [];
  for (let at = 0; at + 2 < texts.length && found.length < MOST_NETWORKS; at += 3) {
    const [ssid = '', rssi = '', lock] = texts.slice(at, at + 3);
    if (ssid !== '' && /^-?\d{1,3}$/.test(rssi))
      found.push({ ssid, rssi: Number(rssi), needsPassword: lock !== 'NO' });
  }
  return found;
}

export function wifiState(value: number | undefined): WifiState | undefined {
  return ([undefined, 'needs-button', 'ready', 'joining', 'joined'] as const)[value ?? 0];
}

/** What firmware says of itself: its name and version, the chip, and the name a person gave it (serial.md, ble.md). */
export function infoOf(texts: readonly string[]): { readonly firmware?: string; readonly model?: string } {
  const [firmware, version, chip] = texts.map((text) => (/^[\w .+-]{1,64}$/.test(text) ? text : undefined));
  const known = [firmware, version].filter((word) => word !== undefined).join(' ');
  return { ...(known === '' ? {} : { firmware: known }), ...(chip === undefined ? {} : { model: chip }) };
}

/** What an error number means, in our codes: 3 could not join, 4 not authorised (serial.md, ble.md): needs its button. */
export function improvError(value: number): DeviceError {
  if (value === 4) return new DeviceError('wifi_needs_button', 'improv');
  return new DeviceError(value === 3 ? 'wifi_failed' : 'device_refused', 'improv');
}

/**
 * Asked before every command that needs the button: some firmware leaves such a command without an answer.
 *
 * @throws DeviceError `wifi_needs_button`
 */
export async function listening(state: Promise<WifiState>): Promise<void> {
  if ((await state) === 'needs-button') throw new DeviceError('wifi_needs_button', 'improv');
}
