import type { Bytes } from '../../../../core/bytes.ts';
import { DeviceError } from '../../../ports/device.ts';
import { protoBytes, readProto } from '../../protocols/protocomm/protobuf.ts';

/** `RMakerClaimMsgType`, commands; each answer is one more (esp_rmaker_claim.proto). */
export const CLAIM = { start: 0, init: 2, verify: 4 } as const;
export type ClaimCommand = (typeof CLAIM)[keyof typeof CLAIM];

/** One piece of a longer text: `PayloadBuf { Offset = 1; Payload = 2; TotalLen = 3 }`. */
export interface Fragment {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly total: number;
}

export const NO_FRAGMENT: Fragment = { offset: 0, bytes: new Uint8Array(0), total: 0 };
/** What the firmware keeps one text in, both ways (MAX_PAYLOAD_SIZE); it writes past its end without a check. */
const CLAIM_BUFFER = 3072;

/** `RMakerClaimPayload { msg = 1; cmdPayload = 10 }` */
export function encodeClaim(command: ClaimCommand, fragment: Fragment): Bytes {
  const payload = fragment.bytes.length === 0 ? undefined : fragment.bytes;
  const body = protoBytes([1, fragment.offset], [2, payload], [3, fragment.total]);
  return protoBytes([1, command], [10, body]);
}

/** @throws DeviceError `device_garbage`, or what the status means */
export function decodeClaim(bytes: Uint8Array, command: ClaimCommand, step: string): Fragment {
  const message = readProto(bytes);
  const answer = message?.int(1) === command + 1 ? message.message(11) : undefined;
  if (answer === undefined) throw new DeviceError('device_garbage', step);
  // 3, InvalidState: at Start it means that the firmware has made no key (handle_start in esp_rmaker_claim.c).
  if (answer.int(1) === 3 && command === CLAIM.start) throw new DeviceError('no_key', step);
  if (answer.int(1) !== 0)
    throw new DeviceError(command === CLAIM.verify ? 'install_rejected' : 'device_refused', step);
  const body = answer.message(2);
  const fragment = {
    offset: body?.int(1) ?? 0,
    bytes: body?.bytes(2) ?? new Uint8Array(0),
    total: body?.int(3) ?? 0,
  };
  const sound =
    fragment.offset >= 0 &&
    fragment.total <= CLAIM_BUFFER &&
    fragment.offset + fragment.bytes.length <= fragment.total;
  if (!sound) throw new DeviceError('device_garbage', step);
  return fragment;
}
