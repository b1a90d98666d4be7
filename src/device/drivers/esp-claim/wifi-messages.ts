import { type Bytes, fromUtf8, utf8 } from '../../../../core/bytes.ts';
import { DeviceError, type WifiNetwork } from '../../../ports/device.ts';
import { type ProtoMessage, protoBytes, readProto } from '../../protocols/protocomm/protobuf.ts';

/** What `RespGetStatus` says: why it failed is told once, and the firmware then waits for a reset. */
export type EspWifiState = 'joined' | 'joining' | 'ready' | 'password-wrong' | 'not-found';

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

/** Both are bounded by 802.11: 32 and 64 bytes. */
export function credentials(ssid: string, password: string): Bytes {
  const [name, secret] = [utf8(ssid), utf8(password)];
  if (name.length === 0 || name.length > 32) throw new DeviceError('wifi_not_found', 'Wi-Fi set');
  if (secret.length > 64) throw new DeviceError('wifi_password_wrong', 'Wi-Fi set');
  return protoBytes([1, name], [2, secret.length === 0 ? undefined : secret]);
}

/** A network as the device hears it (WiFiScanResult); undefined if its name is not UTF-8, which 802.11 allows. */
export function networkOf(bytes: Uint8Array): WifiNetwork | undefined {
  const scanResult = readProto(bytes);
  const name = scanResult?.bytes(1) ?? EMPTY;
  if (scanResult === undefined || name.length > 32) throw new DeviceError('device_garbage', 'Wi-Fi scan');
  const rssi = scanResult.int(3);
  if (rssi < -256 || rssi > 127) throw new DeviceError('device_garbage', 'Wi-Fi scan');
  const ssid = fromUtf8(name);
  return ssid === undefined || ssid === ''
    ? undefined
    : { ssid, rssi, needsPassword: scanResult.int(5) !== 0 };
}

export function stateOf(answer: ProtoMessage): EspWifiState {
  switch (answer.int(2)) {
    case 0:
      return 'joined';
    case 1:
      return 'joining';
    case 2:
      return 'ready';
    case 3:
      return answer.int(10) === 1 ? 'not-found' : 'password-wrong';
    default:
      throw new DeviceError('device_garbage', 'Wi-Fi status');
  }
}

/** Whether the network that it has joined is the one of this name (`WifiConnectedState`, field 3). */
export function isIn(answer: ProtoMessage, ssid: string): boolean {
  return fromUtf8(answer.message(11)?.bytes(3) ?? EMPTY) === ssid;
}
