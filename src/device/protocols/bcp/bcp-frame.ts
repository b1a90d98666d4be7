import { type Bytes, concat } from '../../../../core/bytes.ts';
import { crc16X25 } from './crc16-x25.ts';

/**
 * Frames of Arduino's board configuration protocol: `55 AA | type | length + 2 | payload | CRC of the payload | AA 55`, numbers
 * big-endian (Arduino_NetworkConfigurator, PacketManager.h).
 */
export type BcpType = 'data' | 'control';

export interface BcpFrame {
  readonly type: BcpType;
  readonly payload: Bytes;
}

export const CONNECT = 1;
export const DISCONNECT = 2;

const NUMBERS: Readonly<Record<BcpType, number>> = { data: 2, control: 3 };
const AROUND = 9;
/** The longest answer is a JWT of 269 bytes or a list of networks; what claims more is no frame. */
const LARGEST = 1_024;

export function encodeBcp(type: BcpType, payload: Uint8Array): Bytes {
  const crc = crc16X25(payload);
  const length = payload.length + 2;
  return concat(
    Uint8Array.of(0x55, 0xaa, NUMBERS[type], length >> 8, length & 255),
    payload,
    Uint8Array.of(crc >> 8, crc & 255, 0xaa, 0x55),
  );
}

/** Finds frames among other bytes, however cut. Keeps at most one frame's worth of what is unfinished. */
export class BcpReader {
  #unfinished: Bytes = new Uint8Array(0);

  add(bytes: Uint8Array): BcpFrame[] {
    const found: BcpFrame[] = [];
    let at = 0;
    const all = concat(this.#unfinished, bytes);
    while (at < all.length) {
      const frame = frameAt(all, at);
      if (frame === 'short') break;
      if (frame !== undefined) found.push(frame);
      at += frame === undefined ? 1 : frame.payload.length + AROUND;
    }
    this.#unfinished = all.slice(at) as Bytes;
    return found;
  }
}

/** The frame that begins here, `short` if it may be one whose rest is to come, undefined if it is none. */
function frameAt(bytes: Uint8Array, at: number): BcpFrame | 'short' | undefined {
  const [first, second, number, high, low] = bytes.subarray(at, at + 5);
  if (first !== 0x55 || (second ?? 0xaa) !== 0xaa) return undefined;
  if (second === undefined || number === undefined) return 'short';
  const type = number === NUMBERS.data ? 'data' : number === NUMBERS.control ? 'control' : undefined;
  if (type === undefined) return undefined;
  if (high === undefined || low === undefined) return 'short';
  const size = high * 256 + low - 2;
  if (size < 0 || size > LARGEST) return undefined;
  const end = at + size + AROUND;
  if (end > bytes.length) return 'short';
  const payload = bytes.slice(at + 5, at + 5 + size) as Bytes;
  const [crcHigh = 0, crcLow = 0, one, two] = bytes.subarray(end - 4, end);
  return crcHigh * 256 + crcLow === crc16X25(payload) && one === 0xaa && two === 0x55
    ? { type, payload }
    : undefined;
}
