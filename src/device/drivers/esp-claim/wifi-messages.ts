import { type Bytes, fromUtf8, toHex, utf8 } from '../../../../core/bytes.ts';
import { DeviceError } from '../../../ports/device.ts';
import { type ProtoMessage, protoBytes, readProto } from '../../protocols/protocomm/protobuf.ts';

/** A network as the device hears it (wifi_scan.proto, WiFiScanResult). */
export interface WifiNetwork {
  /** Undefined if the name is not UTF-8, which 802.11 allows. */
  readonly name: string | undefined;
  readonly ssid: Bytes;
  /** Lower-case hex. */
  readonly bssid: string;
  readonly channel: number;
  /** dBm. */
  readonly rssi: number;
  /** Whether it asks for a password. */
  readonly secured: boolean;
}

export type WifiState =
  | { readonly kind: 'connected'; readonly address: string }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'failed'; readonly reason: 'password' | 'not-found' };

/** An empty message, written as such: in a oneof its presence is what counts. */
const EMPTY = new Uint8Array(0);

/** Command numbers; each answer's is one more, in the field one more (wifi_config.proto, wifi_scan.proto, wifi_ctrl.proto). */
export const WIFI = {
  scanStart: { message: 0, field: 10 },
  scanStatus: { message: 2, field: 12 },
  scanResult: { message: 4, field: 14 },
  status: { message: 0, field: 10 },
  set: { message: 2, field: 12 },
  apply: { message: 4, field: 14 },
  reset: { message: 1, field: 11 },
} as const;
type WifiCommand = (typeof WIFI)[keyof typeof WIFI];

export function encodeWifi(command: WifiCommand, body: Uint8Array = EMPTY): Bytes {
  return protoBytes([1, command.message], [command.field, body]);
}

/**
 * The answer's body. `prov-config` keeps the status in the body, the other two beside it.
 *
 * @throws DeviceError `device_garbage`, or `device_refused` for a status other than 0
 */
export function decodeWifi(
  bytes: Uint8Array,
  command: WifiCommand,
  statusIn: 'body' | 'message',
  step: string,
): ProtoMessage {
  const message = readProto(bytes);
  const body = message?.int(1) === command.message + 1 ? message.message(command.field + 1) : undefined;
  // protobuf-c leaves out an empty answer of a command that says nothing more.
  const status = statusIn === 'message' ? message?.int(2) : body?.int(1);
  if (message === undefined || message.int(1) !== command.message + 1)
    throw new DeviceError('device_garbage', step);
  if (status !== undefined && status !== 0) throw new DeviceError('device_refused', step);
  if (body === undefined && statusIn === 'body') throw new DeviceError('device_garbage', step);
  return body ?? message;
}

export function credentials(ssid: Uint8Array, password: string): Bytes {
  return protoBytes([1, ssid], [2, password === '' ? undefined : utf8(password)]);
}

export function networkOf(bytes: Uint8Array): WifiNetwork {
  const one = readProto(bytes);
  const ssid = one?.bytes(1) ?? new Uint8Array(0);
  const bssid = one?.bytes(4) ?? new Uint8Array(0);
  if (one === undefined || ssid.length > 32 || bssid.length > 6)
    throw new DeviceError('device_garbage', 'Wi-Fi scan');
  const [channel, rssi] = [one.int(2), one.int(3)];
  if (channel < 0 || channel > 255 || rssi < -256 || rssi > 127)
    throw new DeviceError('device_garbage', 'Wi-Fi scan');
  return { name: fromUtf8(ssid), ssid, bssid: toHex(bssid), channel, rssi, secured: one.int(5) !== 0 };
}

export function stateOf(answer: ProtoMessage): WifiState {
  switch (answer.int(2)) {
    case 0: {
      const address = fromUtf8(answer.message(11)?.bytes(1) ?? EMPTY) ?? '';
      return { kind: 'connected', address: /^[0-9.]{7,15}$/.test(address) ? address : '' };
    }
    case 1:
      return { kind: 'connecting' };
    case 2:
      return { kind: 'disconnected' };
    case 3:
      return { kind: 'failed', reason: answer.int(10) === 1 ? 'not-found' : 'password' };
    default:
      throw new DeviceError('device_garbage', 'Wi-Fi status');
  }
}
